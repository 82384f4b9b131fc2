// The page wgsl_mistakes.html: choose a mistake, see it in an editor with weft's message, change it, see it mended.
//
//   docs/wgsl-mistakes.md ──▶ mistakes.json ──▶ list, editor, message, mended form      at once
//   editor ──▶ checker.py in Pyodide ──▶ message, marks in the editor                   once that is loaded
//
// The address names the mistake (#the-length-of-an-array), so that a lesson can point at one.
import { createEditor } from './editor.js';
import { loadPython, sourcesOf, textOf } from './python.js';
import { $, wordsOf } from './shell.js';

const edits = new Map(); // mistake → its program as changed by the person
let mistakes = [];
let chosen = null;
let check = null; // text → diagnostics, once there is one
let editor = null;
let form = null;

// ---- what is said ------------------------------------------------------------------------------------------------

const element = (tag, className, ...content) => {
  const node = Object.assign(document.createElement(tag), { className });
  node.append(...content);
  return node;
};

/** A text of weft's as people read it: sentences and hints may wrap, lines of the source and carets may not. */
function rendered(text) {
  const nodes = [];
  for (const line of text.split('\n')) {
    const [, word, sentence] = /^(error|warning|info|note)(:.*)/.exec(line) ?? [];
    const [, hint] = /^ *= (.*)/.exec(line) ?? [];
    if (word) {
      nodes.push(element('p', `head ${word}`, element('b', '', word), sentence));
    } else if (hint) {
      nodes.push(element('p', 'hint', hint));
    } else if (line.trim()) {
      let lines = nodes.at(-1);
      if (lines?.tagName !== 'PRE') nodes.push((lines = Object.assign(element('pre', 'lines'), { tabIndex: 0, ariaLabel: 'The place' })));
      const [, gutter, rest] = /^( *\d* ?(?:\||-->))(.*)/.exec(line) ?? ['', '', line];
      const marks = /^ *\^+ *$/.test(rest) ? 'marks' : /^ *-+ *$/.test(rest) ? 'marks beside' : '';
      lines.append(element('span', 'gutter', gutter), element('span', marks, rest), '\n');
    }
  }
  return nodes;
}

/** Checks what is in the editor; before the checker is there, shows what is known of a program that nobody changed. */
function look() {
  const { text } = editor;
  const own = text !== chosen.program;
  $('reset').hidden = !own;
  if (own) edits.set(chosen, text);
  else edits.delete(chosen);
  if (!check && own) return $('said').replaceChildren(element('p', 'head', 'The checker is not there yet.'));
  const found = check?.(text) ?? [];
  const said = check ? found.map((each) => each.text).join('\n') : chosen.said;
  const good = element('p', 'head good', element('b', '', 'Accepted.'), ' There is nothing to say.');
  $('said').replaceChildren(...(said ? rendered(said) : [good]));
  editor.marks(found.map(({ line, column, end, severity, message, hint }) => ({ line, column, end, severity, message: hint ? `${message}\n${hint}` : message })));
}

// ---- choosing ----------------------------------------------------------------------------------------------------

/** Text with `code` in it. */
const prose = (text) => text.split('`').map((piece, i) => (i % 2 ? element('code', '', piece) : piece));

function show(mistake) {
  chosen = mistake;
  const at = mistakes.indexOf(mistake);
  document.title = `${mistake.title}: weft, mistakes in WGSL`;
  $('title').textContent = mistake.title;
  $('why').replaceChildren(...prose(mistake.why));
  $('mended').open = false;
  for (const link of $('list').querySelectorAll('a')) {
    if (link.hash === `#${mistake.name}`) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  $('select').value = mistake.name;
  $('previous').disabled = at === 0;
  $('next').disabled = at === mistakes.length - 1;
  editor.text = edits.get(mistake) ?? mistake.program;
  form.show(mistake.mended, linesOf(mistake));
  look();
}

/** The numbers of the mended form's lines that the program does not have. */
function linesOf({ program, mended }) {
  const before = new Set(program.split('\n'));
  return mended.split('\n').flatMap((line, i) => (before.has(line) ? [] : [i + 1]));
}

const named = () => mistakes.find(({ name }) => `#${name}` === location.hash) ?? mistakes[0];
const go = (step) => (location.hash = mistakes[mistakes.indexOf(chosen) + step].name);

function buildControls() {
  for (const { name, title } of mistakes) {
    const link = Object.assign(element('a', '', title), { href: `#${name}` });
    $('list').append(element('li', '', link));
    $('select').append(new Option(`${mistakes.findIndex((each) => each.name === name) + 1}. ${title}`, name));
  }
  addEventListener('hashchange', () => show(named()));
  $('select').addEventListener('change', () => (location.hash = $('select').value));
  $('previous').addEventListener('click', () => go(-1));
  $('next').addEventListener('click', () => go(1));
  const put = (text) => {
    editor.text = text;
    look();
    editor.focus();
  };
  $('reset').addEventListener('click', () => put(chosen.program));
  $('take').addEventListener('click', () => put(chosen.mended));
}

async function loadChecker() {
  try {
    const checker = await loadPython(sourcesOf(location.href), { program: 'checker', numpy: false }, () => {});
    check = (text) => JSON.parse(checker.check(text));
    $('checker').textContent = 'Checked while you write';
    look();
  } catch (error) {
    $('checker').textContent = 'No checker: changes are not looked at';
    $('checker').title = wordsOf(error);
  }
}

async function main() {
  try {
    mistakes = JSON.parse(await textOf('mistakes.json'));
  } catch (error) {
    $('obstacle-text').textContent = wordsOf(error);
    $('obstacle').hidden = false;
    return;
  }
  $('main').hidden = false;
  editor = createEditor($('wgsl'), { language: 'wgsl', label: 'WGSL, with the mistake', run: look, changed: look });
  form = createEditor($('form'), { language: 'wgsl', label: 'WGSL, mended', readOnly: true });
  buildControls();
  show(named());
  await loadChecker();
  document.body.dataset.ready = 'true';
}

main();

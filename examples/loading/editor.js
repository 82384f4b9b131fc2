// The pages' code editors: CodeMirror for Python and WGSL, coloured by the page's own CSS variables.
import { EditorState } from '@codemirror/state';
import { Decoration, EditorView, keymap, lineNumbers, drawSelection, highlightActiveLine } from '@codemirror/view';
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands';
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { python } from '@codemirror/lang-python';
import { setDiagnostics, lintGutter } from '@codemirror/lint';
import { tags } from '@lezer/highlight';

const KEYWORDS =
  /^(?:alias|break|case|const|const_assert|continue|continuing|default|diagnostic|discard|else|enable|fn|for|if|let|loop|override|requires|return|struct|switch|var|while)\b/;
const TYPES =
  /^(?:bool|f16|f32|i32|u32|vec[234][fhiu]?|mat[234]x[234][fh]?|array|atomic|ptr|storage|uniform|workgroup|private|function|immediate|read|write|read_write)\b/;

const wgsl = StreamLanguage.define({
  name: 'wgsl',
  startState: () => ({ comment: 0 }), // block comments nest
  token(stream, state) {
    if (state.comment || stream.match('/*')) {
      if (!state.comment) state.comment = 1;
      while (state.comment && !stream.eol()) {
        if (stream.match('*/')) state.comment--;
        else if (stream.match('/*')) state.comment++;
        else stream.next();
      }
      return 'comment';
    }
    if (stream.eatSpace()) return null;
    if (stream.match(/^\/\/.*/)) return 'comment';
    if (stream.match(/^@\s*\w+/)) return 'meta';
    if (stream.match(/^(?:0[xX][\da-fA-F.]+(?:[pP][+-]?\d+)?|\d*\.?\d+(?:[eE][+-]?\d+)?\.?)[fhiu]?/)) return 'number';
    if (stream.match(KEYWORDS)) return 'keyword';
    if (stream.match(TYPES)) return 'typeName';
    if (stream.match(/^(?:true|false)\b/)) return 'bool';
    if (stream.match(/^[\p{L}_][\p{L}\p{N}_]*(?=\s*\()/u)) return 'variableName.function';
    if (stream.match(/^[\p{L}_][\p{L}\p{N}_]*/u)) return 'variableName';
    stream.next();
    return null;
  },
  languageData: { commentTokens: { line: '//', block: { open: '/*', close: '*/' } } },
});

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.controlKeyword, tags.definitionKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.typeName, tags.className, tags.bool, tags.null], color: 'var(--code-type)' },
  { tag: [tags.number, tags.string, tags.special(tags.string)], color: 'var(--code-value)' },
  { tag: [tags.comment], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.meta], color: 'var(--code-meta)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-function)' },
]);

const theme = EditorView.theme({
  '&': { height: '100%', fontSize: '13px', backgroundColor: 'transparent', color: 'var(--ink)' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.5' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--faint)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
  '&.cm-focused .cm-activeLine': { backgroundColor: 'var(--line-tint)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-marked': { backgroundColor: 'var(--good-tint)', boxShadow: 'inset 3px 0 var(--good)' },
  // drawn without the images that the library has in data: addresses, which policies forbid
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad) 1px', textUnderlineOffset: '3px' },
  '.cm-lint-marker-error': { content: 'normal', margin: '0.35em 0 0 0.1em', width: '0.7em', height: '0.7em', borderRadius: '50%', backgroundColor: 'var(--bad)' },
  '.cm-tooltip': { backgroundColor: 'var(--card)', color: 'var(--ink)', border: '1px solid var(--rule)' },
  '.cm-diagnostic': { whiteSpace: 'pre-wrap', fontFamily: 'var(--mono)', fontSize: '12px' },
});

/** Where a line and column from 1 lie in a document; columns count characters. */
function placeOf(doc, line, column) {
  const { from, to, text } = doc.line(Math.min(line, doc.lines));
  return Math.min(from + [...text].slice(0, Math.max(column - 1, 0)).join('').length, to);
}

/** An editor in `parent`. Ctrl-Enter calls `run`, a change of the text by the person `changed`; Escape then Tab leaves it
 *  by keyboard. */
export function createEditor(parent, { language, label, run = () => {}, changed = () => {}, readOnly = false }) {
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    indentOnInput(),
    bracketMatching(),
    indentUnit.of(language === 'python' ? '    ' : '  '),
    language === 'python' ? python() : wgsl,
    syntaxHighlighting(colours),
    lintGutter(),
    theme,
    EditorView.contentAttributes.of({ 'aria-label': label }),
    EditorView.updateListener.of((update) => update.docChanged && changed()),
    EditorState.readOnly.of(readOnly),
    keymap.of([{ key: 'Mod-Enter', run: () => (run(), true) }, ...defaultKeymap, ...historyKeymap, indentWithTab]),
  ];
  const view = new EditorView({ parent });
  return {
    get text() {
      return view.state.doc.toString();
    },
    set text(text) {
      view.setState(EditorState.create({ doc: text, extensions })); // also forgets marks and undo steps
    },
    /** Another text, with some of its lines, from 1, set off. */
    show(text, lines) {
      const { doc } = EditorState.create({ doc: text });
      const marked = Decoration.set(lines.map((n) => Decoration.line({ class: 'cm-marked' }).range(doc.line(n).from)));
      view.setState(EditorState.create({ doc, extensions: [extensions, EditorView.decorations.of(marked)] }));
    },
    /** Marks places: {line, column, end: [line, column], severity, message}; those with line 0 are nowhere. */
    marks(list) {
      const { doc } = view.state;
      const places = list
        .filter(({ line }) => line >= 1)
        .map(({ line, column, end, ...rest }) => {
          const from = placeOf(doc, line, column);
          return { ...rest, from, to: Math.max(placeOf(doc, ...end), placeOf(doc, line, column + 1)) };
        });
      view.dispatch(setDiagnostics(view.state, places));
    },
    /** Marks the place of a mistake: line and column from 1, columns in characters; 0 for none. */
    mark(line, column, message) {
      const { doc } = view.state;
      if (!(line >= 1 && line <= doc.lines)) return view.dispatch(setDiagnostics(view.state, []));
      const { from, to, text } = doc.line(line);
      const at = placeOf(doc, line, column);
      const word = /^[\p{L}\p{N}_]+/u.exec(text.slice(at - from));
      const end = Math.min(at + (word ? word[0].length : 1), to);
      view.dispatch(setDiagnostics(view.state, [{ from: Math.min(at, end), to: end, severity: 'error', message }]));
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) });
    },
    clear() {
      view.dispatch(setDiagnostics(view.state, []));
    },
    focus: () => view.focus(),
  };
}

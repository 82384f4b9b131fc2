// What both pages show around their work: progress of loading, the device, and what is in the way.
import { obstacle } from './python.js';

export const $ = (id) => document.getElementById(id);

export const nextFrame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));

export const wordsOf = (error) => error?.text ?? String(error?.message ?? error);

export function showProgress(done, step) {
  $('progress').value = done;
  $('step').textContent = step;
}

const SAYS = { gpu: { pays: 'the GPU', drawn: 'drawn by the GPU without a read back' }, cpu: { pays: 'weft', drawn: 'drawn by the CPU' } };

/** In the words of a page: what computes, and what draws. */
export let says = SAYS.gpu;

/** The device's name, and in words why it is no GPU. */
export async function showDevice(device) {
  says = device.driver === 'cpu' ? SAYS.cpu : SAYS.gpu;
  for (const note of document.querySelectorAll('.drawn')) note.textContent = says.drawn;
  const software = device.kind === 'cpu' && device.driver !== 'cpu';
  $('device').textContent = software ? `${device.name} (software)` : device.name;
  $('device').title = device.library;
  $('without').hidden = device.driver !== 'cpu';
  if (device.driver !== 'cpu') return;
  const missing = await obstacle();
  const [title, why] = missing ? [`${missing[0]}: weft`, missing[2]] : ['weft', device.why];
  $('without').textContent = `${title} runs the kernels on the CPU. ${why}`;
}

/** Shows that nothing can run: for what WebGPU lacks here if that is the reason, else for the error. */
export async function showObstacle(error) {
  const missing = error?.kind === 'device' ? await obstacle() : null;
  const [title, text, help] = missing ?? [
    error?.kind === 'device' ? 'No device can be opened' : 'Loading failed',
    wordsOf(error),
    error?.kind === 'device' ? '' : 'Check the network and load the page again.',
  ];
  $('loading').hidden = true;
  $('device').textContent = 'no device';
  $('obstacle').hidden = false;
  $('obstacle-title').textContent = title;
  $('obstacle-text').textContent = text;
  $('obstacle-help').textContent = help;
}

export function showMain() {
  $('loading').hidden = true;
  $('main').hidden = false;
}

/** A row of a table with a bar: name, number as text, share of the longest bar. */
export function barRow(name, number, share, { bar = 'bar', kind = '' } = {}) {
  const row = document.createElement('tr');
  row.className = kind;
  const head = Object.assign(document.createElement('th'), { scope: 'row', textContent: name });
  const cell = Object.assign(document.createElement('td'), { textContent: number });
  const line = Object.assign(document.createElement('span'), { className: bar });
  line.style.width = `${100 * share}%`;
  const last = document.createElement('td');
  last.append(line);
  row.append(head, cell, last);
  return row;
}

// A small chart of times over sizes, both logarithmic, as SVG: one line per series.
const NS = 'http://www.w3.org/2000/svg';
const WIDTH = 460;
const HEIGHT = 240;
const EDGE = { left: 54, right: 12, top: 12, bottom: 34 };

const element = (name, attributes, text) => {
  const node = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
};

const milliseconds = (ms) => (ms >= 1000 ? `${ms / 1000} s` : ms >= 1 ? `${ms} ms` : `${+(ms * 1000).toFixed(3)} µs`);

/** Draws into the <svg>. points: [{size, label, values: {name: ms}}] by size; series: [{name, label, css class}]. */
export function drawChart(svg, points, series) {
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  const values = points.flatMap((p) => series.map((s) => p.values[s.name])).filter((v) => v > 0);
  const low = Math.floor(Math.log10(Math.min(...values, 1)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...values, 1))), low + 1);
  const first = Math.log2(points[0].size);
  const last = Math.log2(points.at(-1).size);
  const span = last - first || 1;
  const x = (size) => EDGE.left + 14 + ((Math.log2(size) - first) / span) * (WIDTH - EDGE.left - EDGE.right - 28);
  const y = (ms) => HEIGHT - EDGE.bottom - ((Math.log10(ms) - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const parts = [];
  for (let power = low; power <= high; power++) {
    const at = y(10 ** power);
    parts.push(element('line', { class: 'grid', x1: EDGE.left, x2: WIDTH - EDGE.right, y1: at, y2: at }));
    parts.push(element('text', { class: 'tick', x: EDGE.left - 8, y: at + 4, 'text-anchor': 'end' }, milliseconds(10 ** power)));
  }
  for (const { size, label } of points) {
    parts.push(element('text', { class: 'tick', x: x(size), y: HEIGHT - 12, 'text-anchor': 'middle' }, label));
  }
  for (const { name, kind } of series) {
    const known = points.filter((p) => p.values[name] > 0);
    const path = known.map((p) => `${x(p.size)},${y(p.values[name])}`).join(' ');
    parts.push(element('polyline', { class: `series ${kind}`, points: path }));
    for (const p of known) parts.push(element('circle', { class: `dot ${kind}`, cx: x(p.size), cy: y(p.values[name]), r: 3.5 }));
  }
  svg.replaceChildren(...parts);
}

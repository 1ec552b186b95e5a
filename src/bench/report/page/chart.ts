import { escapeMarkup } from "../markup.ts";

/** A line of a chart; `style` is a class of the page's style sheet, `line-1` to `line-4`. */
export interface Line {
  name: string;
  style: string;
  points: readonly (readonly [x: number, y: number | null])[];
}

export interface Chart {
  title: string;
  /** What the two axes count, in a word or two. */
  across: string;
  up: string;
  lines: readonly Line[];
  formatX: (x: number) => string;
  formatY: (y: number) => string;
  /** Where the x axis is marked; absent: at round numbers. */
  marksX?: readonly number[];
}

/** Narrow enough that its text can still be read on a telephone. */
const size = { width: 400, height: 240 };
const edge = { left: 52, right: 12, top: 12, bottom: 34 };
const plot = {
  width: size.width - edge.left - edge.right,
  height: size.height - edge.top - edge.bottom,
};

/** A line chart as inline SVG, with its title and legend. */
export function drawChart(chart: Chart): string {
  const { title, lines, across, up } = chart;
  const points = lines.flatMap((line) => line.points);
  const xs = points.map(([x]) => x);
  const ys = points.flatMap(([, y]) => y ?? []);
  if (ys.length === 0) return figure(title, "", '<p class="none">nothing was measured</p>');
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const marksY = roundMarks(0, Math.max(...ys), 5);
  const top = marksY.at(-1) ?? 1;
  const place = {
    x: (x: number) => edge.left + (right === left ? 0.5 : (x - left) / (right - left)) * plot.width,
    y: (y: number) => edge.top + (1 - y / top) * plot.height,
  };
  const marksX = (chart.marksX ?? roundMarks(left, right, 6)).filter(
    (x) => x >= left && x <= right,
  );
  const label = `${title}: ${lines.map(({ name }) => name).join(", ")}; ${up} by ${across}`;
  const body = [
    ...marksY.map((y) => gridLine(place.y(y), chart.formatY(y))),
    ...marksX.map((x) => text(place.x(x), size.height - 18, "middle", chart.formatX(x))),
    text(edge.left + plot.width / 2, size.height - 3, "middle", across),
    ...lines.map((line) => `<path class="${line.style}" d="${pathOf(line, place)}"/>`),
  ];
  const open = `<svg viewBox="0 0 ${size.width} ${size.height}" role="img"`;
  const svg = `${open} aria-label="${escapeMarkup(label)}">${body.join("")}</svg>`;
  return figure(`${title} (${up})`, legend(lines), svg);
}

function figure(title: string, key: string, drawing: string): string {
  return `<figure><figcaption>${escapeMarkup(title)}${key}</figcaption>${drawing}</figure>`;
}

function legend(lines: readonly Line[]): string {
  const items = lines.map(({ name, style }) => {
    const sample = `<svg viewBox="0 0 22 8" aria-hidden="true"><path class="${style}" d="M1 4H21"/></svg>`;
    return `<span>${sample}${escapeMarkup(name)}</span>`;
  });
  return `<span class="legend">${items.join("")}</span>`;
}

function gridLine(y: number, label: string): string {
  const line = `<path class="grid" d="M${edge.left} ${round(y)}H${size.width - edge.right}"/>`;
  return `${line}${text(edge.left - 6, y + 4, "end", label)}`;
}

function text(x: number, y: number, anchor: string, content: string): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escapeMarkup(content)}</text>`;
}

/** A gap where there is nothing to draw; a point alone becomes a dot. */
function pathOf(
  { points }: Line,
  place: { x: (x: number) => number; y: (y: number) => number },
): string {
  let drawing = false;
  const parts = points.map(([x, y], index) => {
    if (y === null) {
      drawing = false;
      return "";
    }
    const at = `${round(place.x(x))} ${round(place.y(y))}`;
    const alone = !drawing && (points[index + 1]?.[1] ?? null) === null;
    const move = drawing ? "L" : "M";
    drawing = true;
    return alone ? `M${at}h0.01` : `${move}${at}`;
  });
  return parts.join("");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** About `count` round numbers (1, 2 or 5 times a power of ten) that reach from below to above. */
function roundMarks(from: number, to: number, count: number): number[] {
  const span = to - from;
  if (!(span > 0)) return from === 0 ? [0, 1] : [from];
  const rough = span / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(from / step);
  const last = Math.ceil(to / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
}

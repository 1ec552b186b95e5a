import { usageError } from "../errors.ts";

const millisecondsPer: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const bytesPer: Record<string, number> = {
  B: 1,
  KB: 1e3,
  KiB: 1024,
  MB: 1e6,
  MiB: 1024 ** 2,
  GB: 1e9,
  GiB: 1024 ** 3,
  TB: 1e12,
  TiB: 1024 ** 4,
};

const secondsPerWord: Record<string, number> = { sec: 1, min: 60, hour: 3600, day: 86_400 };

export const durationForm = "a number and a unit, such as 500ms, 30s, 10m, 2h or 7d";
export const bytesForm = "a number and a unit, such as 4KiB, 10MB or 2GB";
export const pixelsForm = "a number of megapixels, such as 50MP";
export const rateForm = "requests per time, such as 100/60s, 10/min, 1000/hour or 200/day";

/** A number of requests within a window of milliseconds. */
export interface Rate {
  requests: number;
  window: number;
}

/** Reads `500ms`, `30s`, `10m`, `2h`, `7d`, `1.5h`; gives milliseconds, refuses a bare number. */
export function parseDuration(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text.trim()) ?? [];
  return scale(amount, millisecondsPer[unit ?? ""], text, "duration", durationForm);
}

/** The shortest text that `parseDuration` reads as exactly these milliseconds. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = millisecondsPer[unit] ?? 1;
    if (milliseconds >= size && milliseconds % size === 0) return `${milliseconds / size}${unit}`;
  }
  return milliseconds === 0 ? "0s" : `${milliseconds}ms`;
}

/** Reads `10MB` (powers of 1000), `4KiB` (powers of 1024), `512B`; gives bytes. */
export function parseBytes(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s?([kmgt]?i?b)$/i.exec(text.trim()) ?? [];
  const name = unit?.toUpperCase().replace("I", "i") ?? "";
  return scale(amount, bytesPer[name], text, "size", bytesForm);
}

/** The shortest text that `parseBytes` reads as exactly these bytes. */
export function formatBytes(bytes: number): string {
  let best = `${bytes}B`;
  for (const [unit, size] of Object.entries(bytesPer)) {
    const text = `${bytes / size}${unit}`;
    if (bytes >= size && bytes % size === 0 && text.length < best.length) best = text;
  }
  return best;
}

/** Reads `50MP`; gives pixels. */
export function parsePixels(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)\s?MP$/i.exec(text.trim()) ?? [];
  return scale(amount, amount === undefined ? undefined : 1e6, text, "pixel count", pixelsForm);
}

/** Reads `100/60s`, `10/min`, `1000/hour`, `200/day`, `5/s`. */
export function parseRate(text: string): Rate {
  const [, amount, per] = /^([1-9]\d*)\/(\w+)$/.exec(text.trim()) ?? [];
  if (amount === undefined || per === undefined) throw notA(text, "rate", rateForm);
  const word = secondsPerWord[per];
  const window = word === undefined ? parseRateWindow(per, text) : word * 1000;
  if (window === 0) throw notA(text, "rate", rateForm);
  return { requests: Number(amount), window };
}

function parseRateWindow(per: string, text: string): number {
  try {
    return parseDuration(/^\d/.test(per) ? per : `1${per}`);
  } catch {
    throw notA(text, "rate", rateForm);
  }
}

function scale(
  amount: string | undefined,
  size: number | undefined,
  text: string,
  noun: string,
  form: string,
): number {
  if (amount === undefined || size === undefined) throw notA(text, noun, form);
  const value = Math.round(Number(amount) * size);
  if (!Number.isSafeInteger(value)) throw usageError(`The ${noun} "${text}" is too large.`);
  return value;
}

function notA(text: string, noun: string, form: string): Error {
  return usageError(`"${text}" is not a ${noun}.`, `Write ${form}.`);
}

import { Histogram } from "../measure/histogram.ts";
import type { Recording } from "../measure/recording.ts";

/** The latencies of one repeat of a run, or of a piece of it; in milliseconds. */
export interface Sample {
  p50: number;
  p95: number;
  count: number;
}

/** What a comparison stands on. */
export interface Samples {
  /** `repeat`: each sample is a run of its own; `block`: a piece of one run. */
  kind: "repeat" | "block";
  list: Sample[];
}

/** Pieces of a run that are long enough to hardly depend on each other, and still enough of them. */
const mostBlocks = 20;

/** A p95 of a piece with fewer requests says next to nothing. */
const fewestOfBlock = 20;

/** One sample for each repeat, or, of a run that was not repeated, for each piece of it. */
export function samplesOf(recordings: readonly Recording[]): Samples {
  const [only] = recordings;
  if (recordings.length === 1 && only !== undefined) return { kind: "block", list: blocksOf(only) };
  const list = recordings.map((one) => {
    return sampleOf(
      [...one.tags.values()].map((tag) => tag.response),
      1,
    );
  });
  return { kind: "repeat", list: list.filter((sample) => sample !== null) };
}

function blocksOf({ slots }: Recording): Sample[] {
  const inOrder = [...slots].sort(([left], [right]) => left - right).map(([, slot]) => slot);
  const width = Math.ceil(inOrder.length / mostBlocks);
  const count = width === 0 ? 0 : Math.floor(inOrder.length / width);
  const blocks = Array.from({ length: count }, (_, block) => {
    const own = inOrder.slice(block * width, (block + 1) * width);
    return sampleOf(
      own.map((slot) => slot.response),
      fewestOfBlock,
    );
  });
  return blocks.filter((sample) => sample !== null);
}

function sampleOf(histograms: readonly Histogram[], fewest: number): Sample | null {
  const whole = new Histogram();
  for (const one of histograms) whole.merge(one);
  if (whole.count < fewest) return null;
  const [p50 = 0, p95 = 0] = whole.percentiles([0.5, 0.95]).map((value) => value / 1000);
  return { p50, p95, count: whole.count };
}

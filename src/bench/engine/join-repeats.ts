import { worstDelay } from "../measure/event-loop-delay.ts";
import { summarizeLatency } from "../measure/histogram.ts";
import { mergeRecordings } from "../measure/recording.ts";
import type { Recording } from "../measure/recording.ts";
import type { Measurement } from "./measurement.ts";

/**
 * The repeats of a run as one, as if they had followed each other without a pause: counts and
 * histograms are added without loss, the generator is as well as it was at its worst.
 */
export function joinRepeats(repeats: readonly [Measurement, ...Measurement[]]): Measurement {
  const [first, ...others] = repeats;
  if (others.length === 0) return first;
  const durations = repeats.map(({ facts }) => facts.measured.duration);
  const { slotMs } = first.facts;
  let offset = 0;
  const recording = mergeRecordings(
    repeats.map((one, index) => {
      const moved = withSlotsMoved(one.recording, offset);
      offset += Math.ceil((durations[index] ?? 0) / slotMs);
      return moved;
    }),
  );
  return {
    recording,
    facts: {
      ...first.facts,
      interrupted: repeats.some(({ facts }) => facts.interrupted),
      measured: {
        duration: sum(durations),
        ok: sum(repeats.map(({ facts }) => facts.measured.ok)),
      },
    },
    generator: {
      sendLag: first.generator.sendLag === null ? null : summarizeLatency(recording.sendLag),
      eventLoopDelay: worstDelay(repeats.map(({ generator }) => generator.eventLoopDelay)),
      steal: greatest(repeats.map(({ generator }) => generator.steal)),
      processors: sum(repeats.map(({ generator }) => generator.processors)) / repeats.length,
    },
  };
}

function withSlotsMoved(recording: Recording, by: number): Recording {
  const slots = [...recording.slots].map(([number, slot]) => [number + by, slot] as const);
  return { ...recording, slots: new Map(slots) };
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

import { readFileSync } from "node:fs";
import { arch } from "node:os";
import { basename, join } from "node:path";
import type { Judgement } from "./judge.ts";
import type { SourceModel } from "./locate-source.ts";
import type { QuantizedModel } from "./quantize-model.ts";

/** What of a request to quantize matters for what is said of the result. */
export interface AdviceInput {
  /** Null where they were generated. */
  samples: string | null;
  reduceRange: boolean;
}

/** What the operator should know of the result. */
export function notesOf(
  { droppedInputs }: QuantizedModel,
  { alone, asked, batched }: Judgement,
  { samples, reduceRange }: AdviceInput,
): string[] {
  const notes: string[] = [];
  if (droppedInputs.length > 0) {
    notes.push(`These weights can no longer be given as inputs: ${droppedInputs.join(", ")}.`);
  }
  if (batched.before && !batched.after) {
    notes.push("The daemon batches the original and not this version, whose rows share a scale.");
  }
  if (alone.ratio < 1 && (asked?.ratio ?? 0) < 1) {
    notes.push("The original is faster: small models gain nothing. Serve that one.");
  }
  if (samples === null) {
    notes.push("Compared on generated inputs: --samples FILE compares on real ones.");
  }
  if (!reduceRange && saturates()) {
    notes.push(
      "This processor has no VNNI, so products of large numbers may saturate; " +
        "--reduce-range avoids it.",
    );
  }
  return notes;
}

/** How the new version is asked for. */
export function nextOf({ name, root, destination, becomes }: SourceModel): string {
  const made = basename(destination);
  if (becomes === "model") return `It is served as a model of its own, ${made}.`;
  if (becomes === "version") {
    const file = join(root, "config.yaml");
    return `It is served as version ${made}; defaultVersion: ${made} in ${file} makes it the default.`;
  }
  return `It is served in place of the bundled ${name}, until ${destination} is removed.`;
}

/** True on x86 processors that add products of bytes in 16 bits: see `weightLimits`. */
function saturates(): boolean {
  if (arch() !== "x64") return false;
  try {
    return !/^flags.*\b(avx_vnni|avx512_vnni)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    // Systems other than Linux do not say.
    return false;
  }
}

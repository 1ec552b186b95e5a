import { basename, join } from "node:path";
import type { Judgement } from "./judge.ts";
import type { SourceModel } from "./locate-source.ts";
import type { QuantizedModel } from "./quantize-model.ts";

/** What of a request to quantize matters for what is said of the result. */
export interface AdviceInput {
  /** Null where they were generated. */
  samples: string | null;
  /** Weights have seven bits though nobody asked for it. */
  seven: boolean;
}

/** What the operator should know of the result. */
export function notesOf(
  { droppedInputs }: QuantizedModel,
  { alone, asked, batched }: Judgement,
  { samples, seven }: AdviceInput,
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
  if (seven) {
    notes.push(
      "This processor has no VNNI, so weights have 7 bits: products of 8 can saturate on it.",
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

import { keepNurserySmall } from "../../small-nursery.ts";
import { runClosed } from "./closed/closed-loop.ts";
import type { EngineInput, Measurement } from "./measurement.ts";

/** Plays a scenario with the engine of its model. */
export async function play(input: EngineInput): Promise<Measurement> {
  const { open } = input.plan;
  if (open === null) {
    // Hundreds of users would make V8 take three times the memory, for an hour of endurance.
    keepNurserySmall();
    return runClosed(input);
  }
  const { runOpen } = await import("./open/open-loop.ts");
  return runOpen(input, open);
}

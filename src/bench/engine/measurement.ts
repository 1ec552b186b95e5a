import type { GeneratorHealth } from "../measure/generator-health.ts";
import type { Recording } from "../measure/recording.ts";
import type { BenchProgress, RunFacts } from "../measure/summary.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Target } from "../target.ts";

/** What an engine plays. */
export interface EngineInput {
  /** As it will be run: see planRun. */
  plan: Scenario;
  target: Target;
  /** Ends the run early: its facts then say `interrupted`. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BenchProgress) => void) | undefined;
}

/** What an engine brings back. */
export interface Measurement {
  recording: Recording;
  facts: RunFacts;
  generator: GeneratorHealth;
}

/** Milliseconds: a target that has not answered once by then is not there; the run ends. */
export const giveUpAfter = 5000;

/** Milliseconds from one look at a run to the next. */
export const progressEvery = 500;

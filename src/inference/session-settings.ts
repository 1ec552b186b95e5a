import type { InferenceSession } from "onnxruntime-node";

/** Nothing short of fatal: what a run refuses is told to its caller, not to the standard error. */
export const logSeverityLevel = 4;

/**
 * ONNX Runtime 1.30 makes one step of a sum and the LayerNormalization after it, whose loop takes
 * six times as long as the two steps do: encoders answer 10 to 20 % faster without.
 */
const slowerFusion = "SkipLayerNormFusion";

/**
 * What a session is opened with, in the daemon and wherever something is compared with it.
 * @param threads of one run. Throughput comes from instances: a session of two threads was seen to
 * need twice the processor time for the same work.
 */
export function sessionSettings(threads: number): InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel,
    extra: { optimization: { disable_specified_optimizers: slowerFusion } },
  };
}

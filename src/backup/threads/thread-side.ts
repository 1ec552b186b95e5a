import { parentPort } from "node:worker_threads";
import { reasonOf, systemCode } from "../../errors.ts";
import type { JobEnd } from "./thread-pool.ts";

/** Sends a message to the thread that started this one. */
export function send(message: unknown, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

/**
 * Lets this thread work off jobs.
 * @param answered what to do with answers to the notices it sent
 */
export function serveJobs<Job, Answer extends { type: string }, Result>(
  run: (job: Job) => Promise<Result>,
  answered: (answer: Answer) => void,
): void {
  parentPort?.on("message", (message: { type: "job"; job: Job } | Answer) => {
    if (!isJob<Job>(message)) return answered(message);
    run(message.job).then(
      (result) => send({ type: "result", result } satisfies JobEnd<Result>),
      (error: unknown) => {
        const stack = error instanceof Error ? error.stack : undefined;
        const code = systemCode(error);
        const failure = { type: "failure" as const, message: reasonOf(error), stack, code };
        send(failure satisfies JobEnd<Result>);
      },
    );
  });
}

function isJob<Job>(message: { type: string }): message is { type: "job"; job: Job } {
  return message.type === "job";
}

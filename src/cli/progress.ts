import type { Observer, Step } from "../operation/step.ts";
import type { Masker } from "./mask.ts";
import type { Output } from "./output.ts";

export interface ProgressSettings {
  stream: NodeJS.WritableStream;
  /** True where stderr is a terminal that can be drawn on. */
  terminal: boolean;
  quiet: boolean;
  output: Output;
  masker: Masker;
}

/** Shows the steps of an operation on stderr: live on a terminal, one line each elsewhere. */
export function createProgress(settings: ProgressSettings): Observer {
  const plain = plainProgress(settings);
  return settings.terminal && !settings.quiet ? liveProgress(settings, plain) : plain;
}

function plainProgress({ output }: ProgressSettings): Observer {
  const begun = new Map<string, number>();
  return {
    plan: () => {},
    started: (step) => void begun.set(step.id, performance.now()),
    ended(step, phase, end) {
      const state = phase === "undo" && end.state === "done" ? "undone" : end.state;
      output.message(
        `${state}: ${step.title}${end.reason === undefined ? taken(begun, step) : ` (${end.reason})`}`,
      );
    },
    say: () => {},
    note: (text) => output.message(`note: ${text}`),
    close: async () => {},
  };
}

function taken(begun: Map<string, number>, step: Pick<Step, "id">): string {
  const at = begun.get(step.id);
  return at === undefined ? "" : ` (${((performance.now() - at) / 1000).toFixed(1)} s)`;
}

interface Turn {
  resolve(): void;
  reject(error: Error): void;
  task: Promise<{ output: string; skip(reason: string): void; title: string }>;
}

/**
 * listr2 draws a list of tasks it believes to run itself; here each task only waits for the word
 * of the runner. Undo steps are told line by line below the list.
 */
function liveProgress(settings: ProgressSettings, plain: Observer): Observer {
  const turns = new Map<string, Turn>();
  let drawing: Promise<unknown> = Promise.resolve();
  const later = (act: () => void) => void (drawing = drawing.then(act));
  return {
    plan(steps) {
      drawing = draw(settings, steps, turns);
    },
    started(step, phase) {
      if (phase === "undo") later(() => plain.started(step, phase));
    },
    ended(step, phase, end) {
      const turn = turns.get(step.id);
      if (phase === "undo" || turn === undefined) {
        later(() => plain.ended(step, phase, end));
      } else if (end.state === "failed") {
        turn.reject(new Error(settings.masker.mask(end.reason ?? "failed")));
      } else {
        if (end.state === "skipped") void turn.task.then((task) => task.skip(end.reason ?? ""));
        turn.resolve();
      }
    },
    say(step, text) {
      const shown = settings.masker.mask(text);
      void turns.get(step.id)?.task.then((task) => (task.output = shown));
    },
    note: (text) => later(() => plain.note(text)),
    async close() {
      for (const turn of turns.values()) turn.reject(new Error("not reached"));
      await drawing;
    },
  };
}

async function draw(
  settings: ProgressSettings,
  steps: readonly Pick<Step, "id" | "title">[],
  turns: Map<string, Turn>,
): Promise<void> {
  type Task = Awaited<Turn["task"]>;
  const tasks = steps.map((step) => {
    const end = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<Task>();
    end.promise.catch(() => {});
    turns.set(step.id, { resolve: end.resolve, reject: end.reject, task: begun.promise });
    return { step, end, begun };
  });
  const { Listr, ListrLogger, ProcessOutput } = await import("listr2");
  const stream = settings.stream as NodeJS.WriteStream;
  const logger = new ListrLogger({ processOutput: new ProcessOutput(stream, stream) });
  const list = new Listr(
    tasks.map(({ step, end, begun }) => ({
      title: step.title,
      task: (_context: unknown, task: unknown) => {
        begun.resolve(task as Task);
        return end.promise;
      },
    })),
    {
      renderer: "default",
      fallbackRenderer: "verbose",
      rendererOptions: { logger, collapseErrors: false, showErrorMessage: true, timer: undefined },
      registerSignalListeners: false,
      forceTTY: true,
    } as never,
  );
  await list.run().catch(() => {});
}

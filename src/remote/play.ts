import type { Outcome } from "../cli/command.ts";
import { StudioError } from "../errors.ts";
import type { Observer } from "../operation/step.ts";
import type { FailureText, Question, RunEvent } from "./protocol.ts";
import type { Scene } from "./scene.ts";

/** What the events of a run ask of this machine, besides being shown. */
export interface Answers {
  manifest(): Promise<void>;
  contents(wanted: readonly string[]): Promise<void>;
  answer(value: string | boolean | null): Promise<void>;
  terminal(socket: string): void;
}

/** Shows what a run on another host tells as if it ran here, and keeps how it ended. */
export class Play {
  /** The run's id, once its command began. */
  run: string | null = null;
  outcome: Outcome | null = null;
  failure: StudioError | null = null;
  #observer: Observer | null = null;
  readonly #scene: Scene;
  readonly #answers: Answers;

  constructor(scene: Scene, answers: Answers) {
    this.#scene = scene;
    this.#answers = answers;
  }

  get isOver(): boolean {
    return this.outcome !== null || this.failure !== null;
  }

  async show(event: RunEvent): Promise<void> {
    const { output } = this.#scene;
    switch (event.kind) {
      case "began":
        this.run = event.run;
        return;
      case "terminalWanted":
        return this.#answers.terminal(event.socket);
      case "manifestWanted":
        return this.#answers.manifest();
      case "objectsWanted":
        return this.#answers.contents(event.wanted);
      case "message":
        return output.message(event.text);
      case "warning":
        return output.warn(event.text);
      case "line":
        return output.line(event.text);
      case "asked":
        return this.#answers.answer(await this.#ask(event.question));
      case "finished":
        this.outcome = outcomeOf(event);
        return;
      case "failed":
        this.failure = errorOf(event.error);
        return;
      case "closed":
        return this.close();
      case "plan":
      case "started":
      case "ended":
      case "say":
      case "note":
        return this.#observe(event);
    }
  }

  /** Ends the drawing of an operation that says no more. */
  async close(): Promise<void> {
    const observer = this.#observer;
    this.#observer = null;
    await observer?.close();
  }

  async #observe(
    event: Extract<RunEvent, { kind: "plan" | "started" | "ended" | "say" | "note" }>,
  ): Promise<void> {
    const observer = (this.#observer ??= await this.#scene.observer());
    if (event.kind === "plan") observer.plan(event.steps);
    else if (event.kind === "started") observer.started(event.step, event.phase);
    else if (event.kind === "ended") observer.ended(event.step, event.phase, event.end);
    else if (event.kind === "say") observer.say(event.step, event.text);
    else observer.note(event.text);
  }

  async #ask({ how, question, flag, initial, choices }: Question) {
    const { prompt } = this.#scene;
    try {
      if (how === "confirm") return await prompt.confirm(question, flag);
      if (how === "text") return await prompt.text(question, flag, initial);
      return await prompt.choose(question, flag, choices ?? []);
    } catch {
      // Whoever pressed Ctrl-C gave an answer, too.
      return null;
    }
  }
}

function outcomeOf({
  result,
  exitCode,
  error,
  silent,
}: Extract<RunEvent, { kind: "finished" }>): Outcome {
  return {
    result,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(error === undefined ? {} : { error: errorOf(error) }),
    ...(silent === undefined ? {} : { silent }),
  };
}

function errorOf(text: FailureText): StudioError {
  return new StudioError(text);
}

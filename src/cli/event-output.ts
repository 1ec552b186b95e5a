import type { StudioError } from "../errors.ts";
import type { Observer } from "../operation/step.ts";
import type { Link } from "../remote/host/link.ts";
import type { FailureText, Order, Question, RunEvent } from "../remote/protocol.ts";
import type { Masker } from "./mask.ts";
import { type Output, failureOf } from "./output.ts";
import { type Prompt, createPrompt } from "./prompt.ts";

/**
 * Sends what is to be said to the machine that the command was typed on.
 * @param mask takes the secrets out of a text
 */
function senderOf(link: Link, mask: Masker["mask"]): (event: RunEvent) => void {
  const masked = (key: string, value: unknown) =>
    typeof value === "string" && key !== "kind" ? mask(value) : value;
  return (event) => link.send(JSON.parse(JSON.stringify(event), masked) as RunEvent);
}

export function createEventOutput(link: Link, mask: Masker["mask"]): Output {
  const send = senderOf(link, mask);
  return {
    message: (text) => send({ kind: "message", text }),
    warn: (text) => send({ kind: "warning", text }),
    line: (text) => send({ kind: "line", text }),
    finish(_words, _command, { result, exitCode, error, silent }) {
      const failure = error === undefined ? undefined : textOf(error);
      send({ kind: "finished", result, exitCode, silent, error: failure });
    },
    fail(_words, thrown) {
      const error = failureOf(thrown);
      send({ kind: "failed", error: textOf(error) });
      return error.exitCode;
    },
  };
}

function textOf({ code, message, hint, exitCode, details }: StudioError): FailureText {
  return { code, message, hint, exitCode, details };
}

export function createEventObserver(link: Link, mask: Masker["mask"]): Observer {
  const send = senderOf(link, mask);
  const nameOf = ({ id, title }: { id: string; title: string }) => ({ id, title });
  return {
    plan: (steps) => send({ kind: "plan", steps: steps.map(nameOf) }),
    started: (step, phase) => send({ kind: "started", step: nameOf(step), phase }),
    ended: (step, phase, end) => send({ kind: "ended", step: nameOf(step), phase, end }),
    say: (step, text) => send({ kind: "say", step: nameOf(step), text }),
    note: (text) => send({ kind: "note", text }),
    close: async () => send({ kind: "closed" }),
  };
}

/**
 * Questions are asked on the other machine. An attached run ends once that is gone; any other goes
 * on, and only a question still waits for it: that is as if Ctrl-C had answered.
 */
export function createEventPrompt(link: Link, order: Order, interrupt: () => void): Prompt {
  const { yes } = order.options;
  const waiting: ((value: string | boolean | null) => void)[] = [];
  let isGone = false;
  const gone = () => {
    isGone = true;
    for (const answer of waiting) answer(null);
    if (order.attached) interrupt();
  };
  void link.listen((value) => waiting.shift()?.(value)).then(gone);
  if (!order.terminal.prompts) {
    const { signal } = new AbortController();
    const { stdin, stderr } = process;
    return createPrompt({ possible: false, yes, signal, stdin, stderr });
  }
  const ask = async <T>(question: Question): Promise<T> => {
    link.send({ kind: "asked", question });
    const answer = await new Promise<string | boolean | null>((resolve) => {
      if (isGone) resolve(null);
      else waiting.push(resolve);
    });
    if (answer === null) throw Object.assign(new Error("No answer."), { name: "ExitPromptError" });
    return answer as T;
  };
  return {
    confirm: async (question, flag) => yes || ask<boolean>({ how: "confirm", question, flag }),
    text: async (question, flag, initial) =>
      yes && initial !== undefined
        ? initial
        : ask<string>({ how: "text", question, flag, initial }),
    choose: (question, flag, choices) => ask<string>({ how: "choose", question, flag, choices }),
  };
}

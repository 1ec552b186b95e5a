import { usageError } from "../errors.ts";

export interface Prompt {
  /** Asks yes or no. `flag` is what answers it where nobody can be asked: `--yes`. */
  confirm(question: string, flag: string): Promise<boolean>;
  /** Asks for a text; `flag` likewise. */
  text(question: string, flag: string, initial?: string): Promise<string>;
  /** Asks to choose one of several. */
  choose(question: string, flag: string, choices: readonly string[]): Promise<string>;
}

export interface PromptSettings {
  /** True only where stdin and stderr are terminals and --no-input was not given. */
  possible: boolean;
  /** --yes: every confirmation is given. */
  yes: boolean;
  signal: AbortSignal;
  stdin: NodeJS.ReadableStream;
  stderr: NodeJS.WritableStream;
}

/**
 * Prompts on stderr. @inquirer/prompts itself does not look whether anybody can answer: it would
 * take piped input for an answer, or wait for ever, so the gate is here.
 */
export function createPrompt(settings: PromptSettings): Prompt {
  const { signal, stdin: input, stderr: output } = settings;
  const context = { signal, input, output };
  const gate = (question: string, flag: string) => {
    if (settings.possible) return;
    throw usageError(
      `"${question}" needs an answer, and there is no terminal to ask on.`,
      `Give ${flag}.`,
    );
  };
  return {
    async confirm(question, flag) {
      if (settings.yes) return true;
      gate(question, flag);
      const { confirm } = await import("@inquirer/prompts");
      return confirm({ message: question, default: false }, context);
    },
    async text(question, flag, initial) {
      if (settings.yes && initial !== undefined) return initial;
      gate(question, flag);
      const { input: ask } = await import("@inquirer/prompts");
      return ask(
        { message: question, ...(initial === undefined ? {} : { default: initial }) },
        context,
      );
    },
    async choose(question, flag, choices) {
      gate(question, flag);
      const { select } = await import("@inquirer/prompts");
      return select({ message: question, choices: choices.map((value) => ({ value })) }, context);
    },
  };
}

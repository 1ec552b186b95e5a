import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes } from "../../errors.ts";

/** Looks, and milliseconds between them: what was told a moment ago may not be seen at once. */
const looks = 50;
const pause = 100;

export interface SwitchProof {
  /** Of the release that must answer. */
  release: string;
  url: string | undefined;
  /** Asks through the public address which release answers. */
  whoAnswers: () => Promise<string | null>;
}

/** @throws StudioError (exit 5) where another release goes on answering, or none */
export async function proveSwitch({ release, url, whoAnswers }: SwitchProof): Promise<void> {
  let answered: string | null = null;
  for (let look = 0; look < looks; look += 1) {
    answered = await whoAnswers();
    if (answered === release) return;
    await sleep(pause);
  }
  const who = answered === null ? "nobody" : `release ${answered}`;
  throw new StudioError({
    code: "switch.unproven",
    message: `${url} should be answered by release ${release}, but ${who} answers.`,
    exitCode: exitCodes.undone,
  });
}

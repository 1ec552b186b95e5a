import { StudioError, exitCodes } from "../errors.ts";

/** Something that became slower, and by how much: 1.2 is a fifth. */
export interface SlowerPart {
  name: string;
  ratio: number | undefined;
}

export function slowerFailure(parts: readonly SlowerPart[]): StudioError {
  const texts = parts.map(({ name, ratio = 1 }) => {
    return `${name} by ${((ratio - 1) * 100).toFixed(0)} %`;
  });
  return new StudioError({
    code: "bench.slower",
    message: `It became slower: ${texts.join(", ")}.`,
    exitCode: exitCodes.checkFailed,
  });
}

/** @param hint what makes the next comparison tell more */
export function inconclusiveFailure(doubts: readonly string[], hint: string): StudioError {
  return new StudioError({
    code: "bench.inconclusive",
    message: ["The runs do not tell which is faster.", ...doubts].join(" "),
    hint,
    exitCode: exitCodes.inconclusive,
    details: { doubts },
  });
}

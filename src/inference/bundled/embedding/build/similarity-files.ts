import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Pairs of sentences with the likeness that people gave them, 0 to 5. */
export interface JudgedPairs {
  name: string;
  likeness: number[];
  ones: string[];
  others: string[];
}

/** Their sentences are definitions of WordNet, or of a dictionary that took them from there. */
const fromWordNet = /OnWN|FNWN/;

/**
 * The test files of SemEval's tasks on semantic textual similarity, 2012 to 2016: lines of likeness,
 * sentence and sentence parted by tabs. Those that the training texts could have are left out.
 */
export function readJudgedPairs(folder: string): JudgedPairs[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".tsv"));
  return names
    .filter((name) => !fromWordNet.test(name))
    .toSorted()
    .map((name) => {
      const lines = readFileSync(join(folder, name), "utf8").split("\n");
      // Only a part of the later years' sentences was judged; the others have no likeness.
      const rows = lines.map((line) => line.split("\t")).filter(([likeness]) => likeness !== "");
      return {
        name: name.replace(/\.test\.tsv$/, ""),
        likeness: rows.map(([likeness]) => Number(likeness)),
        ones: rows.map(([, one]) => one ?? ""),
        others: rows.map(([, , other]) => other ?? ""),
      };
    });
}

/** Pearson's correlation of two lists of the same length. */
export function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (list: readonly number[]): number =>
    list.reduce((sum, value) => sum + value, 0) / list.length;
  const [meanOne, meanOther] = [mean(one), mean(other)];
  let products = 0;
  let squaresOne = 0;
  let squaresOther = 0;
  for (const [index, value] of one.entries()) {
    const a = value - meanOne;
    const b = (other[index] ?? 0) - meanOther;
    products += a * b;
    squaresOne += a * a;
    squaresOther += b * b;
  }
  return products / Math.sqrt(squaresOne * squaresOther);
}

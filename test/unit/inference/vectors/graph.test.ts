import { describe, expect, it } from "vitest";
import { Graph, type GraphOptions } from "../../../../src/inference/vectors/index/graph.ts";
import { rounds, timeLimit } from "../../../support/every.ts";
import { randomFrom } from "../../../support/random.ts";

const dimension = 128;

function makeVectors(count: number): Float32Array[] {
  const random = randomFrom(11);
  const value = (): number => random.below(2000) / 1000 - 1;
  return Array.from({ length: count }, () => Float32Array.from({ length: dimension }, value));
}

/** Rows are added as the index of a collection adds them: as many at once as the graph says. */
function fill(graph: Graph, vectors: readonly Float32Array[]): void {
  for (let row = 0; row < vectors.length; ) {
    const part = vectors.slice(row, row + graph.rowsAtOnce);
    graph.add(
      part.map((_, place) => row + place),
      Float32Array.from(part.flatMap((vector) => [...vector])),
    );
    row += part.length;
  }
}

function options(threads: number): GraphOptions {
  return { dimension, operation: "square", precision: "f32", threads };
}

describe("a graph of vectors", () => {
  it.each([1, 2, 4])(
    "of %i threads answers many searches at once as it answers each of them alone",
    (threads) => {
      const vectors = makeVectors(1500);
      const graph = new Graph(options(threads));
      fill(graph, vectors);
      for (let round = 0; round < rounds(5, 500); round++) {
        const queries = vectors.slice(round, round + 64);
        const together = graph.search(queries, 200);
        expect(together).toHaveLength(64);
        for (const [place, rows] of together.entries()) {
          expect(rows[0]).toBe(round + place);
          expect(rows).toEqual(graph.search([queries[place] as Float32Array], 200)[0]);
        }
      }
    },
    timeLimit(120_000),
  );

  it(
    "finds every row again, also those that several threads added at once",
    () => {
      const vectors = makeVectors(3000);
      for (let round = 0; round < rounds(1, 20); round++) {
        const graph = new Graph(options(4));
        fill(graph, vectors);
        const found = vectors.filter((vector, row) => graph.search([vector], 32)[0]?.[0] === row);
        expect(found.length / vectors.length).toBeGreaterThanOrEqual(0.99);
      }
    },
    timeLimit(120_000),
  );

  it("gives as many rows as there are when asked for more", () => {
    const vectors = makeVectors(7);
    const graph = new Graph(options(2));
    fill(graph, vectors);
    expect(graph.search([vectors[3] as Float32Array], 50)[0]?.toSorted()).toEqual(
      Uint32Array.of(0, 1, 2, 3, 4, 5, 6),
    );
  });
});

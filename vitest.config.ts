import { defineConfig } from "vitest/config";
import { timeLimit } from "./test/support/every.ts";
import { SlowestFirst } from "./test/support/slowest-first.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/temporary-folder.ts",
    sequence: { sequencer: SlowestFirst },
    testTimeout: timeLimit(120_000),
    hookTimeout: 120_000,
    // Many files wait for servers and processes: one more than a small machine has cores, and
    // no more, else those with real servers miss their time limits.
    maxWorkers: 3,
  },
});

import { defineConfig } from "vitest/config";
import { timeLimit } from "./test/support/every.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/support/temporary-folder.ts",
    testTimeout: timeLimit(120_000),
    hookTimeout: 120_000,
    // Two cores: more files at once only make the ones with real servers miss their time limits.
    maxWorkers: 2,
  },
});

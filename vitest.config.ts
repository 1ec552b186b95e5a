import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Two cores: more files at once only make the ones with real servers miss their time limits.
    maxWorkers: 2,
  },
});

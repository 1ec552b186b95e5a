import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";
import { takesOver } from "../../../../src/deploy/targets/compose/proxies/take-over.ts";
import type { StepRun } from "../../../../src/operation/step.ts";

/** A container that mounts a folder as it is, and what it was told. */
function reading() {
  const folder = mkdtempSync(join(tmpdir(), "studio-proxy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "upstream.conf");
  const seen = { refuses: false, reloads: 0, notes: [] as string[] };
  const inside: Pick<Docker, "attempt"> = {
    attempt: async (argv) => {
      const stdout = readFileSync(String(argv.at(-1)), "utf8");
      return { exitCode: 0, stdout, stderr: "", signal: null };
    },
  };
  const run = {
    effect: async (_name, act) => act(() => {}),
    note: (text) => void seen.notes.push(text),
  } as Pick<StepRun, "effect" | "note"> as StepRun;
  const takeOver = takesOver({
    docker: inside as Docker,
    folder,
    names: ["upstream.conf"],
    async check() {
      if (seen.refuses) throw new Error("it refuses them.");
      return null;
    },
    async reload() {
      seen.reloads += 1;
    },
  });
  const mount = { source: folder, destination: folder };
  const containers = [
    { id: "p", name: "p", service: "p", mounts: [mount] },
  ] as unknown as Container[];
  const write = (text: string) => writeFileSync(file, text);
  const direct = (text: string) => takeOver(run, containers, () => write(text));
  return { seen, write, direct, told: () => readFileSync(file, "utf8") };
}

test("a proxy that refuses new files has those that it runs with, and returns to them without a reload", async () => {
  const { seen, direct, told } = reading();
  await direct("first");
  seen.refuses = true;
  await expect(direct("second")).rejects.toThrow("it refuses them");
  expect(told()).toBe("first");
  await direct("first");
  expect(seen.notes).toEqual([expect.stringContaining("would not start again")]);
  expect([told(), seen.reloads]).toEqual(["first", 1]);
});

test("a proxy that may run with others is not believed to have returned", async () => {
  const { seen, direct, told } = reading();
  await direct("first");
  await direct("second");
  seen.refuses = true;
  await expect(direct("first")).rejects.toThrow("it refuses them");
  expect(told()).toBe("second");
});

test("nor is one of which another process wrote the files, and may not have told it", async () => {
  const { seen, direct, told, write } = reading();
  write("first");
  seen.refuses = true;
  await expect(direct("first")).rejects.toThrow("it refuses them");
  await expect(direct("first")).rejects.toThrow("it refuses them");
  expect(told()).toBe("first");
});

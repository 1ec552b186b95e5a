import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { standBy } from "../../src/deploy/targets/compose/stand-by.ts";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { until } from "../support/processes.ts";

const missing = noDocker();
const place = { cwd: ".", env: process.env };
const module = join(import.meta.dirname, "../../src/deploy/targets/compose/stand-by.ts");

describe.skipIf(missing !== null)(
  `a command that stands by in a container${skipped(missing)}`,
  () => {
    let container = "";
    const docker = (...argv: string[]): string =>
      execFileSync("docker", argv, { encoding: "utf8" }).trim();
    const isThere = (path: string): boolean =>
      spawnSync("docker", ["exec", container, "test", "-e", path]).status === 0;
    const waitingShells = (): number =>
      docker("top", container, "-eo", "pid,args").split("read -r word").length - 1;

    beforeAll(() => {
      container = docker("run", "-d", "--init", testImage("nginx"), "sleep", "600");
    }, 300_000);

    afterAll(() => {
      if (container !== "") docker("rm", "-f", container);
    });

    test("runs at the word alone, and tells what it wrote", async () => {
      const go = standBy(
        container,
        ["sh", "-c", "touch /tmp/one; echo told; echo more >&2"],
        place,
      );
      await until("it waits", () => waitingShells() === 1);
      expect(isThere("/tmp/one")).toBe(false);
      expect(await go()).toEqual({ exitCode: 0, signal: null, stdout: "told\n", stderr: "more\n" });
      expect(isThere("/tmp/one")).toBe(true);
    });

    test("that fails, or has no container to stand in, is left to the one who asks", async () => {
      const answers = [
        standBy(container, ["false"], place),
        standBy("no-such-container", ["true"], place),
        standBy(container, ["no-such-program"], place),
      ];
      for (const go of answers) expect(await go()).toBeNull();
    });

    test("is gone with a container that was started again", async () => {
      const go = standBy(container, ["touch", "/tmp/again"], place);
      await until("it waits", () => waitingShells() === 1);
      docker("restart", "-t", "0", container);
      expect(await go()).toBeNull();
      expect(isThere("/tmp/again")).toBe(false);
    });

    test.each([
      { how: "ended by itself", signal: null, keeps: "" },
      { how: "was killed", signal: "SIGKILL", keeps: "setInterval(() => {}, 1000);" },
    ] as const)("never runs where the one who prepared it $how", async ({ signal, keeps }) => {
      const text = `
        import { standBy } from ${JSON.stringify(module)};
        standBy(${JSON.stringify(container)}, ["touch", "/tmp/never"], { cwd: ".", env: process.env });
        ${keeps}`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", text]);
      const ended = once(child, "exit");
      if (signal !== null) {
        await until("it waits", () => waitingShells() === 1);
        child.kill(signal);
      }
      expect(await ended).toEqual(signal === null ? [0, null] : [null, signal]);
      await until("it waits no more", () => waitingShells() === 0);
      expect(isThere("/tmp/never")).toBe(false);
    });
  },
);

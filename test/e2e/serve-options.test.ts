import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { writeEchoModel } from "../integration/server/echo-model.ts";
import { until } from "../support/processes.ts";
import { type ServedFolder, askJson, startServe, startUpPatience } from "../support/serve.ts";

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start(words: readonly string[], prepare?: () => Promise<void>) {
  const served = await startServe({ words, ...(prepare === undefined ? {} : { prepare }) });
  closing.push(() => served.remove());
  await until("it is ready", () => isReady(served), startUpPatience);
  return served;
}

async function isReady({ url }: ServedFolder): Promise<boolean> {
  const { status } = await askJson(`${url}/health/ready`, "GET").catch(() => ({ status: 0 }));
  return status === 200;
}

describe("studio serve", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "ends with what was asked for after a %s, having answered what was under way",
    async (signal) => {
      const served = await start([]);
      const text = { task: "language", text: "what is this" };
      const answers = Array.from({ length: 8 }, () =>
        served.ask("POST", "/api/v1/text/process", text),
      );
      await answers[0];
      const rest = Promise.allSettled(answers);
      await served.end(signal);
      for (const answer of await rest) {
        // One that had not arrived yet has nobody to go to.
        if (answer.status === "fulfilled") expect([200, 503]).toContain(answer.value.status);
      }
      const { exitCode, signalCode } = served.child;
      expect({ exitCode, signalCode }).toEqual({ exitCode: 0, signalCode: null });
    },
    180_000,
  );

  test("listens where --host says, and nowhere else", async () => {
    const own = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
    const served = await start(["--host", "127.0.0.2"]);
    expect(served.output()).toContain("Serving on http://127.0.0.2:");
    const { port } = new URL(served.url);
    for (const host of ["127.0.0.1", ...(own === undefined ? [] : [own])]) {
      await expect(fetch(`http://${host}:${port}/health/live`), host).rejects.toThrow();
    }
  }, 180_000);

  test("serves the models of each folder that --models names, in place of the project's", async () => {
    const folder = mkdtempSync(join(tmpdir(), "studio-serve-models-"));
    closing.push(() => rmSync(folder, { recursive: true, force: true }));
    const values = [{ name: "x", datatype: "FP32", dims: ["N"] }] as const;
    const [first, second] = [join(folder, "first"), join(folder, "second")];
    const served = await start(["--models", first, "--models", second], async () => {
      mkdirSync(folder, { recursive: true });
      await writeEchoModel(first, "one", values);
      await writeEchoModel(second, "two", values);
      await writeEchoModel(second, "one", values, "2");
    });
    for (const name of ["one", "two"]) {
      const inputs = [{ name: "x", datatype: "FP32", shape: [1], data: [2] }];
      const { status, body } = await served.ask("POST", `/v2/models/${name}/infer`, { inputs });
      expect({ status, body }, name).toMatchObject({ status: 200, body: { model_name: name } });
    }
  }, 180_000);
});

import { link, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  type TestRepository,
  choiceOf,
  modelFor,
  openRepository,
  until,
} from "./model-repository.ts";

let repository: TestRepository;
afterEach(() => repository.close());

/** A model with one worker, whose file is then written over without anybody being told. */
async function overwritten(content: string | Buffer): Promise<TestRepository> {
  repository = await openRepository({ "net/1/model.onnx": modelFor(0) }, { instances: 1 });
  repository.pool.start();
  await until(() => repository.pool.ready);
  await writeFile(join(repository.folder, "net/1/model.onnx"), content);
  return repository;
}

/** What the workers answer when all of them are asked, many times. */
async function choices({ pool }: TestRepository): Promise<number[]> {
  const found: number[] = [];
  for (let turn = 0; turn < 60; turn++) {
    found.push(...(await Promise.all([choiceOf(pool, "net"), choiceOf(pool, "net")])));
    await sleep(5);
  }
  return found;
}

const changed = {
  code: "inference.unavailable",
  message: expect.stringMatching(/have changed|exchanged/) as string,
};

describe("a worker that is started after the model's file was written over", () => {
  test("never answers beside those that read the file before: all exchange it together", async () => {
    const { pool } = await overwritten(modelFor(1));
    const answered = choices(repository);
    await expect(pool.require("net").resize({ instances: 3 })).rejects.toMatchObject(changed);
    const found = await answered;
    expect(found).toEqual(found.toSorted((one, other) => one - other));
    await until(async () => (await choiceOf(pool, "net")) === 1);
    expect(new Set(await choices(repository))).toEqual(new Set([1]));
    expect(pool.index()).toMatchObject([{ state: "READY", reason: null }]);
    await until(() => pool.require("net").capacity.instances === 3);
  });

  test("leaves the others to serve what they read where the file is broken, and says so", async () => {
    const { pool } = await overwritten("no model");
    await expect(pool.require("net").resize({ instances: 2 })).rejects.toMatchObject({
      code: "inference.unavailable",
      message: expect.stringMatching(/protobuf/i) as string,
    });
    expect(new Set(await choices(repository))).toEqual(new Set([0]));
    expect(pool.index()).toMatchObject([
      { state: "READY", reason: expect.stringMatching(/protobuf/i) as string },
    ]);
  });

  test("does not make a refused file forgotten, whatever becomes of that worker", async () => {
    const { pool } = await overwritten("no model");
    await expect(pool.load("net")).rejects.toMatchObject({ code: "model.unloadable" });
    const refused = pool.index();
    expect(refused).toMatchObject([{ state: "READY", reason: expect.any(String) as string }]);
    await expect(pool.require("net").resize({ instances: 2 })).rejects.toThrow();
    await pool.require("net").resize({ instances: 1 });
    await sleep(50);
    expect(pool.index()).toEqual(refused);
    await writeFile(join(repository.folder, "net/1/model.onnx"), modelFor(0));
    await pool.load("net");
    expect(pool.index()).toMatchObject([{ state: "READY", reason: null }]);
  });
});

test("a worker that is started after another name was given to the file serves beside the others", async () => {
  repository = await openRepository({ "net/1/model.onnx": modelFor(2) }, { instances: 1 });
  const { pool, folder, log } = repository;
  pool.start();
  await until(() => pool.ready);
  const before = pool.find("net");
  // As a release that shares the file does when it is made or removed.
  await link(join(folder, "net/1/model.onnx"), join(folder, "another-name"));
  expect(await pool.require("net").resize({ instances: 3 })).toMatchObject({ instances: 3 });
  expect(new Set(await choices(repository))).toEqual(new Set([2]));
  expect(pool.find("net")).toBe(before);
  expect(log.map(({ message }) => message)).not.toContain("model down");
});

test("a model that is unloaded while its changed file is read anew stays unloaded", async () => {
  const { pool } = await overwritten(modelFor(1));
  const resized = pool.require("net").resize({ instances: 3 });
  await Promise.allSettled([resized, pool.unload("net")]);
  await sleep(600);
  expect(pool.find("net")).toBeUndefined();
  expect(pool.index()).toMatchObject([{ state: "UNAVAILABLE", reason: "unloaded" }]);
});

test("a model of which one worker cannot be loaded is served by the others, and says why", async () => {
  const workerFile = new URL("./lonely-worker.ts", import.meta.url);
  const options = { instances: 2, workerFile };
  repository = await openRepository({ "net/1/model.onnx": modelFor(3) }, options);
  const { pool, write } = repository;
  pool.start();
  await until(() => pool.ready);
  expect(pool.index()).toMatchObject([{ state: "READY", reason: "there is no room for two" }]);
  expect(await choiceOf(pool, "net")).toBe(3);
  // The one that serves is lost, and there is room for one again.
  await write("leave", "");
  await until(() => !pool.ready);
  await until(() => pool.ready);
  expect(await choiceOf(pool, "net")).toBe(3);
  await write("room", "");
  await until(() => pool.index()[0]?.reason === null);
  expect(pool.index()).toMatchObject([{ state: "READY" }]);
});

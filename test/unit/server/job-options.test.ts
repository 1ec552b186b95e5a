import { request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type FastifyInstance, fastify } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { AnswerDeadline } from "../../../src/server/answer-deadline.ts";
import { jobOptions } from "../../../src/server/job-options.ts";
import { Traffic } from "../../../src/server/traffic.ts";

const opened: FastifyInstance[] = [];

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
});

type Job = ReturnType<typeof jobOptions>;

/** `/never` leaves what it was asked undone, `/soon` is answered. */
async function start(limit: number): Promise<{ port: number; jobs: Job[]; aborts: Job[] }> {
  const application = fastify({ forceCloseConnections: true });
  opened.push(application);
  const jobs: Job[] = [];
  const aborts: Job[] = [];
  const traffic = new Traffic(() => undefined);
  const deadline = new AnswerDeadline(limit);
  application.addHook("onRequest", async (request, reply) => {
    deadline.watch(reply, traffic.begin(request.raw, reply.raw, "public").begun);
  });
  application.post("/:what", (request, reply) => {
    const job = jobOptions(request, reply, limit);
    jobs.push(job);
    const abort = (): void => void aborts.push(job);
    job.signal?.addEventListener("abort", abort, { once: true });
    if (request.url === "/never") return new Promise(() => undefined);
    job.signal?.removeEventListener("abort", abort);
    return { answered: true };
  });
  const address = await application.listen({ port: 0, host: "127.0.0.1" });
  return { port: Number(new URL(address).port), jobs, aborts };
}

/** The status of the answer to a request whose body is complete after a pause. */
async function post(port: number, path: string, pause: number): Promise<number> {
  const headers = { "content-type": "application/json" };
  const request = httpRequest({ host: "127.0.0.1", port, path, method: "POST", headers });
  const answered = new Promise<number>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
  });
  request.write("{");
  await sleep(pause);
  request.end("}");
  return await answered;
}

describe("the work of a request", () => {
  it("has what its body has left of the request's time", async () => {
    const { port, jobs } = await start(10_000);
    expect(await post(port, "/soon", 400)).toBe(200);
    expect(jobs[0]?.timeout).toBeGreaterThan(0);
    expect(jobs[0]?.timeout).toBeLessThan(9650);
  });

  it("ends once the caller was told that the time is over", async () => {
    const { port, jobs, aborts } = await start(500);
    expect(await post(port, "/never", 100)).toBe(504);
    await expect.poll(() => aborts).toEqual(jobs);
    expect(jobs).toHaveLength(1);
  });

  it("is not told of an answer that it has given itself", async () => {
    const { port, jobs, aborts } = await start(10_000);
    expect(await post(port, "/soon", 0)).toBe(200);
    await expect.poll(() => jobs[0]?.signal?.aborted).toBe(true);
    expect(aborts).toEqual([]);
  });
});

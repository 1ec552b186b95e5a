import { type FastifyInstance, fastify } from "fastify";
import { afterEach, describe, expect, it } from "vitest";
import { AnswerDeadline } from "../../../src/server/answer-deadline.ts";
import { answerError } from "../../../src/server/error-answer.ts";

const opened: FastifyInstance[] = [];

afterEach(async () => {
  for (const application of opened.splice(0)) await application.close();
});

/** `/never` is not answered by its handler, `/soon` is, `/begun` writes and does not end. */
async function start(limit: number): Promise<string> {
  const application = fastify({ forceCloseConnections: true });
  opened.push(application);
  const deadline = new AnswerDeadline(limit);
  application.addHook("onRequest", async (_request, reply) =>
    deadline.watch(reply, performance.now()),
  );
  application.setErrorHandler((error, _request, reply) => {
    const { status, code } = answerError(error);
    reply.code(status).send({ code });
  });
  application.get("/never", () => new Promise(() => undefined));
  application.get("/soon", () => ({ answered: true }));
  application.get("/begun", (_request, reply) => {
    reply.hijack();
    reply.raw.write("begun");
  });
  return await application.listen({ port: 0, host: "127.0.0.1" });
}

describe("a request whose time is over", () => {
  it("is answered in the place of its handler, each at its own time", async () => {
    const address = await start(300);
    const ask = async (): Promise<number> => {
      const since = performance.now();
      const answer = await fetch(`${address}/never`);
      expect(answer.status).toBe(504);
      expect(await answer.json()).toEqual({ code: "request.timeout" });
      return performance.now() - since;
    };
    const first = ask();
    await new Promise((resolve) => setTimeout(resolve, 150));
    for (const time of await Promise.all([first, ask()])) expect(time).toBeGreaterThan(295);
    // And the timer that ended them is set again for those that come later.
    expect(await ask()).toBeGreaterThan(295);
  });

  it("is cut off where its answer has begun", async () => {
    const address = await start(200);
    const answer = await fetch(`${address}/begun`);
    await expect(answer.text()).rejects.toThrow(/terminated/);
  });

  it("costs those nothing that are answered in time", async () => {
    const address = await start(200);
    const late = fetch(`${address}/never`);
    for (let count = 0; count < 20; count += 1) {
      const answer = await fetch(`${address}/soon`);
      expect(await answer.json()).toEqual({ answered: true });
    }
    expect((await late).status).toBe(504);
  });
});

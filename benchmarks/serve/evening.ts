/**
 * What a person would write in an evening: fastify with the session's run in the handler.
 * node evening.ts MODEL PORT WIDTH TYPE
 */
import { fastify } from "fastify";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const [model = "", port = "", width = "", type = "float32"] = process.argv.slice(2);
const runtime = await import("onnxruntime-node");
const session = await runtime.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});
const [output = ""] = session.outputNames;
const application = fastify();
application.addContentTypeParser(
  "application/octet-stream",
  { parseAs: "buffer" },
  (_request, body, done) => done(null, body),
);
application.get("/health", () => ({ status: "healthy" }));
application.get("/hello", () => ({ hello: "world" }));
application.post("/infer", async (request, reply) => {
  const body = request.body as Buffer;
  const bytes = body.buffer.slice(body.byteOffset, body.byteOffset + body.length) as ArrayBuffer;
  const data = type === "int64" ? new BigInt64Array(bytes) : new Float32Array(bytes);
  const length = data.length / session.inputNames.length;
  const dims = [length / Number(width), Number(width)];
  const parts = session.inputNames.map((name, index) => {
    const values = data.subarray(index * length, (index + 1) * length) as Float32Array;
    return [name, new runtime.Tensor(type as "float32", values, dims)] as const;
  });
  const feeds = Object.fromEntries(parts);
  const results = await session.run(feeds);
  const answer = results[output]?.data as Float32Array;
  reply.type("application/octet-stream");
  return Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength);
});
await application.listen({ port: Number(port), host: "127.0.0.1" });

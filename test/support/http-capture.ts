import { type IncomingHttpHeaders, createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Captured {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface HttpCapture {
  url: string;
  requests: Captured[];
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  /** Never answers. */
  hangs?: boolean;
}

/** A server that keeps what it is sent, and answers as it is told: the last answer for all others. */
export async function captureHttp(answers: readonly Answer[] = []): Promise<HttpCapture> {
  const requests: Captured[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const answer = answers[requests.length] ?? answers.at(-1) ?? { status: 200 };
      const body = Buffer.concat(chunks).toString("utf8");
      requests.push({ path: request.url ?? "", headers: request.headers, body });
      if (answer.hangs === true) return;
      response.writeHead(answer.status, answer.headers).end("do not repeat this");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

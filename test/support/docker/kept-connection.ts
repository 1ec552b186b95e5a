import { once } from "node:events";
import { Agent, request } from "node:http";
import type { IncomingMessage } from "node:http";

/** One connection, on which nothing is asked but what is asked here. */
export interface KeptConnection {
  /** @returns the release that answered */
  post(): Promise<string>;
  end(): void;
}

/** It is never opened anew: where the server closed it, what is asked fails. */
export function keepConnection(url: string): KeptConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let opened = 0;
  return {
    async post() {
      const call = request(url, { method: "POST", agent });
      call.on("socket", (socket) => {
        if (socket.connecting) opened += 1;
      });
      call.end("{}");
      const [response] = (await once(call, "response")) as [IncomingMessage];
      response.resume();
      await once(response, "end");
      if (opened > 1) throw new Error("the connection was closed and had to be opened anew");
      return String(response.headers["x-studio-release"]);
    },
    end: () => agent.destroy(),
  };
}

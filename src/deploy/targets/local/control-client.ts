export interface ControlAnswer<T> {
  status: number;
  body: T;
  headers: Record<string, string | string[] | undefined>;
}

export interface ControlRequest {
  socketPath: string;
  method?: "GET" | "POST";
  path: string;
  body?: unknown;
  /** Milliseconds; default 5,000. */
  timeout?: number;
}

/** One JSON request over a Unix socket. Rejects with the system's error when nobody listens. */
export function askControl<T>(input: ControlRequest): Promise<ControlAnswer<T>> {
  const payload = input.body === undefined ? undefined : JSON.stringify(input.body);
  const { promise, resolve, reject } = Promise.withResolvers<ControlAnswer<T>>();
  // An import of the module reads all it exports, WebSocket among them, which takes ten times as
  // long to load as the rest.
  const { request } = process.getBuiltinModule("node:http");
  const call = request(
    {
      socketPath: input.socketPath,
      method: input.method ?? "GET",
      path: input.path,
      agent: false,
      headers: payload === undefined ? {} : { "content-type": "application/json" },
      signal: AbortSignal.timeout(input.timeout ?? 5000),
    },
    (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode = 0, headers } = response;
        resolve({ status: statusCode, body: parse(text) as T, headers });
      });
    },
  );
  call.on("error", reject);
  call.end(payload);
  return promise;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The answer, or null when nobody listens there or nobody answers in time. */
export async function tryControl<T>(input: ControlRequest): Promise<ControlAnswer<T> | null> {
  try {
    return await askControl<T>(input);
  } catch {
    return null;
  }
}

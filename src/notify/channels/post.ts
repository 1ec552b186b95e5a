import { systemCode } from "../../errors.ts";
import { type Sent, failed, refused } from "./channel.ts";

export interface PostRequest {
  url: string;
  headers?: Record<string, string>;
  body: string;
  signal: AbortSignal;
  now: () => Date;
}

/** Sends JSON once. Where the receiver sends it elsewhere, that is not followed. */
export async function postJson({ url, headers, body, signal, now }: PostRequest): Promise<Sent> {
  if (!/^https?:/.test(url) || !URL.canParse(url)) return refused("its address is no http address");
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", "user-agent": "studio", ...headers },
      body,
      redirect: "manual",
      signal,
    });
    await response.body?.cancel();
    return judge(response, now());
  } catch (error) {
    return failed(connectionReason(error, signal));
  }
}

function judge({ ok, status, headers }: Response, now: Date): Sent {
  if (ok) return { ok: true };
  const reason = `it answered with status ${status}`;
  const mayPass = status === 408 || status === 425 || status === 429 || status >= 500;
  return mayPass
    ? failed(reason, readRetryAfter(headers.get("retry-after"), now))
    : refused(reason);
}

/** Milliseconds; seconds or a date as RFC 9110, section 10.2.3 has them. */
export function readRetryAfter(text: string | null, now: Date): number | null {
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime());
}

/** Why there was no answer. What libraries say of it may hold the address, which is a secret. */
export function connectionReason(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "there was no answer in time";
  const cause = error instanceof Error ? error.cause : undefined;
  const code = systemCode(error) ?? systemCode(cause);
  return code === undefined ? "the connection failed" : `the connection failed (${code})`;
}

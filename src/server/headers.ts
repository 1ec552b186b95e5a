import { traceparentOf } from "./trace-context.ts";
import type { Exchange } from "./traffic.ts";

/** Sent with every answer: an API has no reason to be framed, sniffed or to load anything. */
export const securityHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-xss-protection": "1; mode=block",
  "strict-transport-security": "max-age=31536000",
  "content-security-policy": "default-src 'self'",
  "referrer-policy": "no-referrer",
};

/** What every answer to a request carries: where it comes from, and what names it in the logs. */
export function headersOf(
  { id, trace }: Pick<Exchange, "id" | "trace">,
  release: string,
): Record<string, string> {
  return {
    ...securityHeaders,
    "x-studio-release": release,
    "x-request-id": id,
    traceparent: traceparentOf(trace),
  };
}

import { systemCode } from "../../../errors.ts";

/** The parts of an error of the SDK that tell what it is. */
export interface S3Error {
  /** The code that the server answered with, such as `NoSuchKey`. */
  name: string;
  /** HTTP status; null where there was no answer. */
  status: number | null;
  /** What the system says where there was no answer, such as `ECONNRESET`. */
  code: string | undefined;
  message: string;
  /** The region of the bucket, where the server tells it. */
  region: string | null;
}

export function describeError(error: unknown): S3Error {
  const found = error as {
    name?: string;
    message?: string;
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number; headers?: Record<string, string> };
  };
  const status = found.$metadata?.httpStatusCode ?? found.$response?.statusCode ?? null;
  const region = found.$response?.headers?.["x-amz-bucket-region"] ?? null;
  const { name = "", message = "" } = found;
  return { name, status, code: systemCode(error), message, region };
}

const passingStatus = new Set([408, 429, 500, 502, 503, 504]);
const passingNames = new Set([
  "AbortError",
  "BadDigest",
  "ConditionalRequestConflict",
  "IncompleteBody",
  "InternalError",
  "OperationAborted",
  "RequestTimeout",
  "ServiceUnavailable",
  "SlowDown",
  "Throttling",
  "ThrottlingException",
  "TimeoutError",
  "XAmzContentSHA256Mismatch",
]);
const passingCodes = new Set([
  "EAI_AGAIN",
  "ECONNABORTED",
  "ECONNREFUSED",
  "ECONNRESET",
  "EHOSTUNREACH",
  "ENETDOWN",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);

/** Whether the same request may well succeed in a moment. */
export function isTransient(error: unknown, attempt: number): boolean {
  const { name, status, code } = describeError(error);
  // The SDK takes the time from such an answer, so that the next request tells the right one.
  if (name === "RequestTimeTooSkewed") return attempt === 1;
  if (passingNames.has(name)) return true;
  // An answer that broke off may have a status; one that is complete has no code of the system.
  if (code !== undefined && /^E[A-Z_]+$/.test(code)) return passingCodes.has(code);
  return status !== null && passingStatus.has(status);
}

/** An answer that ended before its time. */
export function brokenOff(): Error {
  return Object.assign(new Error("The answer broke off"), { code: "ECONNRESET" });
}

import { StudioError, type StudioErrorFields, exitCodes } from "../../../errors.ts";
import { type S3Error, describeError } from "./transient.ts";

/** What a message may say of a store. */
export interface S3Place {
  /** `s3://bucket/prefix` */
  location: string;
  bucket: string;
  /** Null for Amazon's own. */
  endpoint: string | null;
  region: string;
}

type Explanation = Pick<StudioErrorFields, "code" | "message" | "hint"> &
  Partial<Pick<StudioErrorFields, "exitCode">>;

/**
 * Turns what the SDK throws into an error that the operator can act on. The texts of a server are
 * left out, for some repeat the access key; and so is the cause, which holds the signed request.
 * @param operation of the protocol, such as `PutObject`: policies name it
 */
export function s3Failure(error: unknown, operation: string, place: S3Place): unknown {
  if (error instanceof StudioError) return error;
  const found = describeError(error);
  const explanation = explain(found, operation, place);
  if (explanation === null) return error;
  const { code, status, name } = found;
  return new StudioError({
    exitCode: exitCodes.unavailable,
    ...explanation,
    details: { operation, status, reason: code ?? wordOf(name) },
  });
}

function explain(found: S3Error, operation: string, place: S3Place): Explanation | null {
  return (
    explainBucket(found, place) ??
    explainLock(found, operation, place) ??
    explainAccess(found, operation, place) ??
    explainServer(found, operation, place)
  );
}

function explainBucket({ name, status, region }: S3Error, place: S3Place): Explanation | null {
  if (name === "NoSuchBucket") {
    return {
      code: "backup.noBucket",
      message: `The bucket "${place.bucket}" does not exist at ${serverOf(place)}.`,
      hint: "Create it, or correct backup.repository in studio.yaml.",
    };
  }
  const redirected = status === 301 || status === 307 || name === "AuthorizationHeaderMalformed";
  if (!redirected && name !== "IllegalLocationConstraintException") return null;
  const right = region === null ? "" : `, but in ${region}`;
  return {
    code: "backup.wrongRegion",
    message: `The bucket "${place.bucket}" is not in the region ${place.region}${right}.`,
    hint: `Set backup.s3.region to ${region ?? "the region of the bucket"}.`,
  };
}

const protectedText = /object lock|locked|\bWORM\b|retention period|protected/i;

function explainLock(
  { name, status, message }: S3Error,
  operation: string,
  { bucket, location }: S3Place,
): Explanation | null {
  const refused = status !== null && status >= 400 && status < 500 && protectedText.test(message);
  if (operation === "DeleteObject" && refused) {
    return {
      code: "backup.objectLocked",
      message: `A file of the repository ${location} is under object lock: the server does not remove it before its time is over.`,
      hint: "It goes with a later `studio backup prune`. Set backup.s3.objectLock.days to less than the retention keeps.",
      exitCode: exitCodes.checkFailed,
    };
  }
  const unsupported = /missing object lock config/i.test(message) || name === "NotImplemented";
  if (operation !== "PutObject" || !unsupported) return null;
  return {
    code: "backup.noObjectLock",
    message: `The bucket "${bucket}" does not do what is asked of it with each file: object lock, or writing only where there is nothing yet.`,
    hint: "Use a bucket that was created with object lock, or leave backup.s3.objectLock out.",
  };
}

const keyNames = new Set([
  "ExpiredToken",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidToken",
  "SignatureDoesNotMatch",
  "TokenRefreshRequired",
]);

function explainAccess(
  { name, status }: S3Error,
  operation: string,
  place: S3Place,
): Explanation | null {
  if (keyNames.has(name)) {
    return {
      code: "backup.credentials",
      message: `${capital(serverOf(place))} does not accept the access key (${name}).`,
      hint: "Check backup.s3.accessKeyId and backup.s3.secretAccessKey: by default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    };
  }
  if (name === "RequestTimeTooSkewed") {
    return {
      code: "backup.clock",
      message: `${capital(serverOf(place))} refuses requests because this machine's clock differs too much from its own.`,
      hint: "Set the clock, for instance with `timedatectl set-ntp true`.",
    };
  }
  if (status !== 401 && status !== 403) return null;
  return {
    code: "backup.accessDenied",
    message: `The access key may not do ${operation} in ${place.location}.`,
    hint: "Allow it s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and s3:DeleteObject on what is in it; with object lock, s3:PutObjectRetention and s3:GetObjectRetention too.",
  };
}

function explainServer(
  { name, status, code, message }: S3Error,
  operation: string,
  place: S3Place,
): Explanation | null {
  const server = serverOf(place);
  if (status === 507 || /QuotaExceeded|StorageFull/.test(name)) {
    return {
      code: "backup.full",
      message: `The repository ${place.location} has no room left.`,
      hint: "Remove old snapshots with `studio backup prune`, or give the bucket more room.",
    };
  }
  const silent = name === "TimeoutError" || name === "AbortError";
  if (code !== undefined || silent) {
    // These are the system's words, or those of TLS, and not the server's.
    return {
      code: "backup.unreachable",
      message: `The repository ${place.location} cannot be reached at ${server}: ${silent ? "it does not answer in time" : message || code}.`,
      hint: "Check backup.s3.endpoint and the network, then run the command again.",
    };
  }
  if (status === null) return null;
  return {
    code: "backup.unavailable",
    message: `The repository ${place.location} cannot be used: ${server} answers ${operation} with ${status} ${wordOf(name)}.`,
    hint: "Try again later. Nothing that was stored before is lost.",
  };
}

function serverOf({ endpoint, region }: S3Place): string {
  return endpoint ?? `Amazon S3 in ${region}`;
}

function capital(text: string): string {
  return text.startsWith("http") ? `The server ${text}` : text;
}

/** What a server calls an error is one word; anything longer is none. */
function wordOf(name: string): string {
  return /^[A-Za-z0-9_.]{1,60}$/.test(name) ? name : "an unknown error";
}

/** Of two that write the same file each would believe to be the one. */
export function noConditions({ location, endpoint }: S3Place): StudioError {
  return new StudioError({
    code: "backup.noConditions",
    message: `The server of the repository ${location}${endpoint === null ? "" : `, ${endpoint},`} writes over a file although it is told to write only where there is none (If-None-Match).`,
    hint: "Use a server that honours conditional writes.",
    exitCode: exitCodes.unavailable,
  });
}

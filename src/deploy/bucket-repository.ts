import { openS3Store } from "../backup/store/s3-store.ts";
import type { Store } from "../backup/store/store.ts";
import { resolveSecret } from "../config/secrets.ts";
import { usageError } from "../errors.ts";
import { runShell } from "../shell/exec.ts";
import type { RepositoryPlace } from "./backup-repository.ts";

/** Where Amazon's programs look for a region, in this order; without any it is their first one. */
const regionVariables = ["AWS_REGION", "AWS_DEFAULT_REGION"];
const firstRegion = "us-east-1";

/** As Amazon's programs read them: where there are no settings yet, on an empty host. */
const endpointVariables = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];

/**
 * Opens a repository in an S3 bucket.
 * @throws StudioError (exit 2) for an address without a bucket, and for a key that is missing
 */
export async function openBucketRepository(place: RepositoryPlace): Promise<Store> {
  const { repository, s3 } = place.project.settings.backup;
  const { bucket, prefix } = parseBucketAddress(repository);
  const { variables } = place;
  const region = regionVariables.map((name) => variables[name]).find((value) => value);
  const endpoint = s3.endpoint ?? endpointVariables.map((name) => variables[name]).find(Boolean);
  return openS3Store({
    bucket,
    prefix,
    endpoint,
    region: s3.region ?? region ?? firstRegion,
    // The names of buckets are rarely part of the host where it is a server of one's own.
    pathStyle: s3.pathStyle ?? endpoint !== undefined,
    credentials: await credentialsOf(place),
    objectLock: s3.objectLock,
    now: () => place.desk.now(),
    signal: place.desk.signal,
  });
}

/** Splits `s3://BUCKET/PREFIX`; the prefix is empty or ends with a slash. */
function parseBucketAddress(address: string): { bucket: string; prefix: string } {
  const [, bucket, path = ""] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/.*)?$/.exec(address) ?? [];
  if (bucket === undefined) {
    throw usageError(
      `backup.repository is ${address}, which names no bucket.`,
      "Write it as s3://BUCKET/PREFIX; a bucket has 3 to 63 lower-case letters, digits, dots and dashes.",
    );
  }
  const parts = path.split("/").filter((part) => part !== "");
  return { bucket, prefix: parts.map((part) => `${part}/`).join("") };
}

async function credentialsOf({ project, variables, onSecret }: RepositoryPlace) {
  const { s3 } = project.settings.backup;
  const surroundings = { directory: project.directory, env: variables, runShell, onSecret };
  const accessKeyId = await resolveSecret(s3.accessKeyId, surroundings);
  const secretAccessKey = await resolveSecret(s3.secretAccessKey, surroundings);
  const usual = "env" in s3.accessKeyId && s3.accessKeyId.env === "AWS_ACCESS_KEY_ID";
  const isTemporary = usual && (variables["AWS_SESSION_TOKEN"] ?? "") !== "";
  // A key that is given in another way has nothing to do with the token of the surroundings.
  const token = s3.sessionToken ?? (isTemporary ? { env: "AWS_SESSION_TOKEN" } : null);
  const sessionToken = token === null ? undefined : await resolveSecret(token, surroundings);
  return { accessKeyId, secretAccessKey, sessionToken };
}

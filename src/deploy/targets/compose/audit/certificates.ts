import type { AuditPoint, CertificateState } from "../../../target.ts";
import { pointOf } from "./point.ts";

/** How long those of the service in front will do. */
export function certificatePoints(certificates: readonly CertificateState[]): AuditPoint[] {
  if (certificates.length === 0) return [];
  const bad = certificates.filter(({ problem }) => problem !== null);
  const urgent = bad.some((one) => one.urgent);
  const ends = certificates.flatMap(({ until, expired }) => (expired ? [] : (until ?? [])));
  return [
    pointOf(
      {
        title: "Certificates hold for weeks",
        good: `the first ends on ${ends.toSorted()[0]?.slice(0, 10) ?? "a day that is not known"}`,
        state: urgent ? "wrong" : "note",
        fix: isStale(certificates)
          ? "A newer one lies in the file: let the proxy read it, such as by `studio exec --service nginx -- nginx -s reload`."
          : "Renew it, then let the proxy read it, such as by `studio exec --service nginx -- nginx -s reload`.",
      },
      bad.map(({ place, problem }) => `${place} ${problem}`),
    ),
    pointOf(
      {
        title: "Certificates are signed by an authority",
        good: "each is",
        state: "note",
        fix: "Have one signed by an ACME client (stack/nginx/tls.conf of `studio init --stack` shows how).",
      },
      certificates.flatMap(({ place, met, selfSigned }) =>
        met && selfSigned ? [`${place} is signed by itself, which browsers refuse`] : [],
      ),
    ),
  ];
}

/** Whether the public is shown one that ends while a file for the same name has one that does not. */
function isStale(certificates: readonly CertificateState[]): boolean {
  return certificates.some(
    (shown) =>
      shown.met &&
      shown.problem !== null &&
      certificates.some(
        (other) =>
          !other.met &&
          other.problem === null &&
          other.names.some((name) => shown.names.includes(name)) &&
          (other.until ?? "") > (shown.until ?? ""),
      ),
  );
}

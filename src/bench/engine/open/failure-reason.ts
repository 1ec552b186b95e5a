import { systemCode } from "../../../errors.ts";
import { timedOut } from "../../measure/recorder.ts";
import { connectionProblem } from "../../target.ts";

const invalid = "invalid answer";
const cutShort = "answer cut short";

const reasons: Record<string, string> = {
  UND_ERR_CONNECT_TIMEOUT: timedOut,
  UND_ERR_HEADERS_OVERFLOW: invalid,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: cutShort,
};

/**
 * Why a request had no complete answer, in the words that all engines share and that hold no
 * address.
 *
 * @param error of undici, of Node's sockets, or of TLS
 * @param begun whether a part of an answer had come
 */
export function failureReason(error: Error, begun: boolean): string {
  const code = systemCode(error) ?? "unknown";
  const known = reasons[code];
  if (known !== undefined) return known;
  // The codes of llhttp: HPE_INVALID_CONSTANT and the like.
  if (error.name === "HTTPParserError" || code.startsWith("HPE_")) {
    return code === "HPE_INVALID_EOF_STATE" ? cutShort : invalid;
  }
  if (begun) return cutShort;
  if (code === "UND_ERR_SOCKET") return "connection closed without an answer";
  return connectionProblem(error);
}

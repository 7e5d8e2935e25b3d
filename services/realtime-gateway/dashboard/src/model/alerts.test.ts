import { expect, test } from "vitest";
import { inOrder, mergeAlert } from "./alerts";
import type { AlertData } from "./types";

function alert(id: string, revision: number, state: AlertData["state"], started_at = "2026-01-01T00:00:00Z"): AlertData {
  return { id, revision, state, started_at, rule_id: "r", rule_name: "rule", stream: "shop", severity: "warning" };
}

test("an older revision does not replace a newer one", () => {
  const known = mergeAlert([], alert("a", 5, "firing"));
  expect(mergeAlert(known, alert("a", 4, "pending"))[0]?.state).toBe("firing");
  expect(mergeAlert(known, alert("a", 6, "resolved"))[0]?.state).toBe("resolved");
});

test("firing alerts stand first, then the newest", () => {
  const alerts = [alert("old", 1, "firing"), alert("done", 1, "resolved"), alert("new", 1, "firing", "2026-01-02T00:00:00Z"), alert("idle", 1, "inactive")];
  expect(inOrder(alerts).map((shown) => shown.id)).toEqual(["new", "old", "done"]);
});

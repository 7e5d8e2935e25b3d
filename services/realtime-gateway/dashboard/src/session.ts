import { signal } from "@preact/signals";

export interface Session {
  credential: string;
  tenant: string;
  subject: string;
  scopes: string[];
}

const storageKey = "millrace.credential";

/** Who is signed in; null shows the sign-in form. */
export const session = signal<Session | null>(null);
export const signInError = signal<string>("");

export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

export async function api<T>(path: string, init: RequestInit = {}, credential = session.value?.credential): Promise<T> {
  const response = await fetch(path, {
    ...init,
    headers: { "content-type": "application/json", ...(credential ? { authorization: `Bearer ${credential}` } : {}) },
  });
  if (!response.ok) {
    const problem = (await response.json().catch(() => ({}))) as { detail?: string; title?: string };
    throw new ApiError(response.status, problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** Checks a credential against the server and remembers it for this browser. */
export async function signIn(credential: string): Promise<void> {
  signInError.value = "";
  try {
    const me = await api<{ tenant: string; subject: string; scopes: string[] }>("/api/v1/me", {}, credential);
    localStorage.setItem(storageKey, credential);
    session.value = { credential, tenant: me.tenant, subject: me.subject, scopes: me.scopes };
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) localStorage.removeItem(storageKey);
    signInError.value = error instanceof ApiError ? error.message : "Millrace does not answer; is it running?";
  }
}

export function signOut(): void {
  localStorage.removeItem(storageKey);
  session.value = null;
}

/** A credential from the address (#key=…, never sent to a server) or from the last visit. */
export async function resume(): Promise<void> {
  const fromAddress = new URLSearchParams(location.hash.slice(1)).get("key");
  if (fromAddress) history.replaceState(null, "", location.pathname + location.search);
  const credential = fromAddress ?? localStorage.getItem(storageKey);
  if (credential) await signIn(credential);
}

/** A short token for the socket. A person's own token is used as it is. */
export async function socketToken(): Promise<string> {
  const credential = session.value?.credential ?? "";
  if (credential.split(".").length === 3) return credential;
  const answer = await api<{ token: string }>("/api/v1/tokens", { method: "POST", body: JSON.stringify({ ttl_seconds: 900 }) });
  return answer.token;
}

import { useState } from "preact/hooks";
import { signIn, signInError } from "../session";

export function SignIn() {
  const [credential, setCredential] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    await signIn(credential.trim());
    setBusy(false);
  };
  return (
    <form class="sign-in card" onSubmit={submit}>
      <h1>Millrace</h1>
      <label for="credential">API key or token</label>
      <input
        id="credential"
        type="password"
        autocomplete="current-password"
        placeholder="mk_…"
        value={credential}
        onInput={(event) => setCredential(event.currentTarget.value)}
        required
      />
      <button disabled={busy}>{busy ? "Checking…" : "Sign in"}</button>
      {signInError.value && <p role="alert" class="error">{signInError.value}</p>}
      <p class="hint">
        <code>./millrace up</code> prints a key when it starts.
      </p>
    </form>
  );
}

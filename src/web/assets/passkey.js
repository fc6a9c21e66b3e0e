// Passkeys: tells the device what the page asks for, and sends what comes back with the page's own form.
const bytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// The options as they came (WebAuthn level 3, section 5.1), with bytes where a browser wants bytes.
const read = (options) => {
  const known = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: known(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: known(options.allowCredentials) }),
  };
};

// What the device said, in letters.
const written = ({ id, rawId, type, response }) => {
  const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const said = parts.filter((part) => response[part]).map((part) => [part, text(response[part])]);
  const transports = response.getTransports?.();
  return JSON.stringify({
    id,
    rawId: text(rawId),
    type,
    clientExtensionResults: {},
    response: { ...Object.fromEntries(said), ...(transports && { transports }) },
  });
};

const ask = async () => {
  const answer = await fetch("/api/v1/session/passkey", { method: "POST" });
  if (!answer.ok) throw new Error("refused");
  return answer.json();
};

const send = (form, credential, question) => {
  if (question) {
    form.elements.question.value = question;
    form.elements.shared_computer.value = document.getElementById("f-shared_computer")?.checked ? "yes" : "";
  }
  form.elements.credential.value = written(credential);
  form.submit();
};

// Offers passkeys where the browser fills in names by itself, and asks anew before the question ends.
const offer = async (form, waiting) => {
  try {
    const question = await ask();
    if (waiting.over) return;
    waiting.stop = new AbortController();
    const left = new Date(question.expires_at) - Date.now() - 30_000;
    const anew = setTimeout(() => waiting.stop.abort("anew"), Math.min(Math.max(left, 60_000), 3_600_000));
    const signal = waiting.stop.signal;
    const options = { publicKey: read(question.public_key), mediation: "conditional", signal };
    const credential = await navigator.credentials.get(options).finally(() => clearTimeout(anew));
    send(form, credential, question.id);
  } catch (reason) {
    if (reason === "anew") offer(form, waiting);
  }
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("[data-use]") ?? form.querySelector("button");
  const says = form.querySelector("[data-says]");
  const waiting = { over: false };
  const say = (words) => {
    says.textContent = words;
    says.hidden = !words;
  };
  if (!window.PublicKeyCredential || !navigator.credentials) {
    say(form.dataset.unsupported);
    continue;
  }
  const run = async () => {
    // Beside other fields: those first, since the device answers once.
    if (form.dataset.passkey === "beside" && !form.reportValidity()) return;
    waiting.over = true;
    waiting.stop?.abort("over");
    button.disabled = true;
    say("");
    try {
      if (form.dataset.passkey === "create") {
        send(form, await navigator.credentials.create({ publicKey: read(JSON.parse(form.dataset.options)) }));
      } else if (["use", "beside"].includes(form.dataset.passkey)) {
        send(form, await navigator.credentials.get({ publicKey: read(JSON.parse(form.dataset.options)) }));
      } else {
        const question = await ask();
        send(form, await navigator.credentials.get({ publicKey: read(question.public_key) }), question.id);
      }
    } catch {
      say(form.dataset.failed);
      button.disabled = false;
    }
  };
  say("");
  form.hidden = false;
  button.hidden = false;
  button.addEventListener("click", run);
  if (form.dataset.passkey === "sign-in") {
    PublicKeyCredential.isConditionalMediationAvailable?.().then((can) => can && offer(form, waiting));
  }
}

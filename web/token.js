// The form that asks for a token when the service wants one; the token stays in this tab.
import { html, useState } from '/htm.js';
import { readToken, saveToken } from '/api.js';
import { ProblemNote, Heading } from '/parts.js';

export function TokenForm({ problem, onToken }) {
  const [text, setText] = useState('');
  const refused = readToken() !== null;
  const type = (event) => setText(event.target.value);
  function submit(event) {
    event.preventDefault();
    saveToken(text.trim());
    onToken();
  }
  return html`
    <${Heading} title="Token needed" />
    <form class="panel token" onSubmit=${submit}>
      <p>
        This service answers only to those who hold a token. <code>beamgauge token NAME read</code> makes one.
        ${' '}It is kept until this tab is closed.
      </p>
      ${refused && html`<${ProblemNote} problem=${problem} />`}
      <label for="token">Token</label>
      <input id="token" type="password" required autocomplete="off" pattern="\\s*[!-~]+\\s*" value=${text} onInput=${type} />
      <button type="submit">Use it</button>
    </form>`;
}

"use strict";
// Drop a file anywhere on the page: the server's stamp appears without leaving it.
// Without this script the form does the same with a page load.
addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-drop]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const verdict = document.getElementById("verdict");
  let turn = 0;

  const say = (text) => {
    const line = document.createElement("p");
    line.className = "working";
    line.textContent = text;
    verdict.replaceChildren(line);
  };

  const verify = async (file) => {
    const mine = ++turn;
    const most = 32 * 1024 * 1024;
    if (file.size > most) return say("The file is larger than 32 MiB.");
    say(`Looking at ${file.name} …`);
    const body = new FormData();
    body.append("file", file, file.name);
    try {
      const answer = await fetch("/verify", { method: "POST", body, headers: { "X-Part": "verdict" } });
      const html = await answer.text();
      if (mine !== turn) return;
      const part = new DOMParser().parseFromString(html, "text/html").querySelector(".verdict");
      if (part) {
        verdict.replaceChildren(part);
        verdict.scrollIntoView({ block: "nearest" });
      } else say("The server could not look at this file.");
    } catch {
      if (mine === turn) say("The server does not answer. Is medici serve still running?");
    }
  };

  form.classList.add("live");
  input.addEventListener("change", () => input.files[0] && verify(input.files[0]));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (input.files[0]) verify(input.files[0]);
  });
  addEventListener("dragover", (event) => {
    event.preventDefault();
    form.classList.add("over");
  });
  addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    const file = event.dataTransfer.files[0];
    if (file) verify(file);
  });
});

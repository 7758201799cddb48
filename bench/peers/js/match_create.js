// A shape is made and matched in every turn.
"use strict";
const { run } = require("./kernel.js");

function area(shape) {
  switch (shape.kind) {
    case "circle":
      return 3 * shape.radius * shape.radius;
    case "rectangle":
      return shape.width * shape.height;
  }
}

run(10000000, (turns) => {
  let total = 0;
  for (let i = 0; i < turns; i++) {
    const x = i % 8;
    total += area(i % 2 === 0 ? { kind: "circle", radius: x } : { kind: "rectangle", width: x, height: 2 });
  }
  console.log(String(Math.trunc(total)));
});

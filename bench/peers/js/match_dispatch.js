// Areas of shapes of four kinds, by a switch in a loop.
"use strict";
const { run } = require("./kernel.js");

function area(shape) {
  switch (shape.kind) {
    case "circle":
      return 3 * shape.radius * shape.radius;
    case "square":
      return shape.side * shape.side;
    case "rectangle":
      return shape.width * shape.height;
    case "triangle":
      return 0.5 * shape.base * shape.height;
  }
}

run(10000000, (turns) => {
  const shapes = [
    { kind: "circle", radius: 1.5 },
    { kind: "square", side: 2 },
    { kind: "rectangle", width: 2, height: 3 },
    { kind: "triangle", base: 4, height: 5 },
  ];
  let total = 0;
  for (let i = 0; i < turns; i++) total += area(shapes[i % 4]);
  console.log(String(Math.trunc(total)));
});

// 5: names that are not declared, with a guess where one is near.
struct Particle { position: vec3<f32> }
const particle_count = 4;
fn f(particles: ptr<function, Partcle>) -> f32 {
  let total = 0.0;
  { let inner = 1; }
  return totl + particle_cont + mx(1, 2) + inner + zzzzzz + vec3f32(1);
}

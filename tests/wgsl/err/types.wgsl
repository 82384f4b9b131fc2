// 6: type expressions.
alias A = vec3;
alias B = vec3<u32, u32>;
alias C = mat2x2<i32>;
alias D = array;
alias E = array<f32, 0>;
alias F = array<f32, 1.5>;
alias G = atomic<f32>;
alias H = vec2<vec2<f32>>;
alias I = ptr<storage>;
alias J = ptr<f32, f32>;
alias K = texture_storage_2d<f32, write>;
alias L = i32<f32>;
alias M = min;
alias N = array<array<f32>, 2>;
alias O = array<sampler, 2>;
alias P = f16;
alias Q = array<f32, 4294967295>;

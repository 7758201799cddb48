// The Sun and the four giant planets, moved by their own gravity; one array for each coordinate.
#define USUAL 5000000
#include "kernel.h"

#define PI 3.141592653589793
#define SOLAR_MASS (4 * PI * PI)
#define YEAR 365.24
#define BODIES 5

static double xs[] = {0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165};
static double ys[] = {0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641};
static double zs[] = {0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181};
static double vxs[] = {0, 1.66007664274403694e-3 * YEAR, -2.76742510726411021e-3 * YEAR, 2.96460137564761618e-3 * YEAR,
                       2.68067772490389322e-3 * YEAR};
static double vys[] = {0, 7.69901118419740425e-3 * YEAR, 4.99852801234917238e-3 * YEAR, 2.37847173959480950e-3 * YEAR,
                       1.62824170038242295e-3 * YEAR};
static double vzs[] = {0, -6.90460016972063023e-5 * YEAR, 2.30417297573763929e-5 * YEAR, -2.96589568540237556e-5 * YEAR,
                       -9.51592254519715870e-5 * YEAR};
static double masses[] = {SOLAR_MASS, 9.54791938424326609e-4 * SOLAR_MASS, 2.85885980666130812e-4 * SOLAR_MASS,
                          4.36624404335156298e-5 * SOLAR_MASS, 5.15138902046611451e-5 * SOLAR_MASS};

// Let the Sun move so that the system as a whole rests.
static void rest(void) {
    double px = 0, py = 0, pz = 0;
    for (int i = 0; i < BODIES; i++) {
        px += vxs[i] * masses[i];
        py += vys[i] * masses[i];
        pz += vzs[i] * masses[i];
    }
    vxs[0] = -px / SOLAR_MASS;
    vys[0] = -py / SOLAR_MASS;
    vzs[0] = -pz / SOLAR_MASS;
}

static double energy(void) {
    double e = 0;
    for (int i = 0; i < BODIES; i++) {
        e += 0.5 * masses[i] * (vxs[i] * vxs[i] + vys[i] * vys[i] + vzs[i] * vzs[i]);
        for (int j = i + 1; j < BODIES; j++) {
            double dx = xs[i] - xs[j], dy = ys[i] - ys[j], dz = zs[i] - zs[j];
            e -= masses[i] * masses[j] / square_root(dx * dx + dy * dy + dz * dz);
        }
    }
    return e;
}

static void advance(double dt) {
    for (int i = 0; i < BODIES; i++) {
        for (int j = i + 1; j < BODIES; j++) {
            double dx = xs[i] - xs[j], dy = ys[i] - ys[j], dz = zs[i] - zs[j];
            double squared = dx * dx + dy * dy + dz * dz;
            double pull = dt / (squared * square_root(squared));
            double by_i = masses[i] * pull, by_j = masses[j] * pull;
            vxs[i] -= dx * by_j;
            vys[i] -= dy * by_j;
            vzs[i] -= dz * by_j;
            vxs[j] += dx * by_i;
            vys[j] += dy * by_i;
            vzs[j] += dz * by_i;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        xs[i] += dt * vxs[i];
        ys[i] += dt * vys[i];
        zs[i] += dt * vzs[i];
    }
}

static void kernel(int64_t rounds) {
    rest();
    print_fixed(energy(), 9);
    print_text("\n");
    for (int64_t i = 0; i < rounds; i++) advance(0.01);
    print_fixed(energy(), 9);
    print_text("\n");
}

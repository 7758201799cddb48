// The Sun and the four giant planets, moved by their own gravity; one slice for each coordinate.
package main

import (
	"fmt"
	"math"

	"peers/kernel"
)

const (
	solarMass   = 4 * math.Pi * math.Pi
	daysPerYear = 365.24
	bodies      = 5
)

var (
	xs     = []float64{0, 4.84143144246472090, 8.34336671824457987, 12.8943695621391310, 15.3796971148509165}
	ys     = []float64{0, -1.16032004402742839, 4.12479856412430479, -15.1111514016986312, -25.9193146099879641}
	zs     = []float64{0, -0.103622044471123109, -0.403523417114321381, -0.223307578892655734, 0.179258772950371181}
	vxs    = scaled(daysPerYear, 0, 1.66007664274403694e-3, -2.76742510726411021e-3, 2.96460137564761618e-3, 2.68067772490389322e-3)
	vys    = scaled(daysPerYear, 0, 7.69901118419740425e-3, 4.99852801234917238e-3, 2.37847173959480950e-3, 1.62824170038242295e-3)
	vzs    = scaled(daysPerYear, 0, -6.90460016972063023e-5, 2.30417297573763929e-5, -2.96589568540237556e-5, -9.51592254519715870e-5)
	masses = scaled(solarMass, 1, 9.54791938424326609e-4, 2.85885980666130812e-4, 4.36624404335156298e-5, 5.15138902046611451e-5)
)

func scaled(factor float64, values ...float64) []float64 {
	for i := range values {
		values[i] *= factor
	}
	return values
}

// rest lets the Sun move so that the system as a whole rests.
func rest() {
	var px, py, pz float64
	for i, m := range masses {
		px += vxs[i] * m
		py += vys[i] * m
		pz += vzs[i] * m
	}
	vxs[0] = -px / solarMass
	vys[0] = -py / solarMass
	vzs[0] = -pz / solarMass
}

func energy() float64 {
	e := 0.0
	for i := 0; i < bodies; i++ {
		e += 0.5 * masses[i] * (vxs[i]*vxs[i] + vys[i]*vys[i] + vzs[i]*vzs[i])
		for j := i + 1; j < bodies; j++ {
			dx, dy, dz := xs[i]-xs[j], ys[i]-ys[j], zs[i]-zs[j]
			e -= masses[i] * masses[j] / math.Sqrt(dx*dx+dy*dy+dz*dz)
		}
	}
	return e
}

func advance(dt float64) {
	for i := 0; i < bodies; i++ {
		for j := i + 1; j < bodies; j++ {
			dx, dy, dz := xs[i]-xs[j], ys[i]-ys[j], zs[i]-zs[j]
			squared := dx*dx + dy*dy + dz*dz
			pull := dt / (squared * math.Sqrt(squared))
			byI, byJ := masses[i]*pull, masses[j]*pull
			vxs[i] -= dx * byJ
			vys[i] -= dy * byJ
			vzs[i] -= dz * byJ
			vxs[j] += dx * byI
			vys[j] += dy * byI
			vzs[j] += dz * byI
		}
	}
	for i := 0; i < bodies; i++ {
		xs[i] += dt * vxs[i]
		ys[i] += dt * vys[i]
		zs[i] += dt * vzs[i]
	}
}

func main() {
	kernel.Run(5000000, func(rounds int) {
		rest()
		fmt.Printf("%.9f\n", energy())
		for i := 0; i < rounds; i++ {
			advance(0.01)
		}
		fmt.Printf("%.9f\n", energy())
	})
}

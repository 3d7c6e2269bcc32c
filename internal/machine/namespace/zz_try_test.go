package namespace_test
import ("testing";"os";"time"
"github.com/airshipit/packer-plugin-airship/internal/machine"
"github.com/airshipit/packer-plugin-airship/internal/machine/machinetest")
func TestTry(t *testing.T) {
	t0:=time.Now()
	m,_ := machinetest.Start(t)
	t.Log("start", time.Since(t0)); t0=time.Now()
	for range 100 { if err:=m.Run(t.Context(), machine.Command{Args: []string{"true"}}); err!=nil {t.Fatal(err)} }
	t.Log("100 runs", time.Since(t0))
	err := m.Run(t.Context(), machine.Command{Args: []string{"bash","-c",os.Getenv("TRY")}, Stdout: os.Stdout, Stderr: os.Stdout, Env: []string{"MIRROR="+machinetest.Mirror(t).Main}})
	t.Log(err)
}
